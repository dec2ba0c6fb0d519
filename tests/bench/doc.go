// Command bench runs the same load against Wharf and its peers on this
// machine, in turn and several rounds, and prints one table: nginx with DAV,
// versitygw and MariaDB, each real, each on the loopback address.
//
// The peers answer before their bytes are on the disk; Wharf syncs first. The
// load comes from this process and shares the processors with the servers, so
// figures are to be read as ratios within one run.
package main
