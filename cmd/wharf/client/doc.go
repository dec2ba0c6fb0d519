// Package client is the commands that are clients of a server that runs: wharf users
// export and wharf users import.
//
// They use the MySQL port, and not the data folder. A server keeps its folder to itself
// while it runs, and its key may be on another machine; over the port users are moved
// without a stop, by the privileges of the user who does it, and the audit log has it.
// What is exported are statements, which every MySQL client can run.
//
// The package does not know how the server keeps users.
package client
