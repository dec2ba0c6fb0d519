// Command wharf is a stage server: it takes files over HTTP and shows them
// over the MySQL protocol. This package reads the settings, wires the packages
// together, and starts and stops them in order; it decides nothing else.
package main
