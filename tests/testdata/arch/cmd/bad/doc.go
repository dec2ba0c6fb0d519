// Command bad is one.
package main
