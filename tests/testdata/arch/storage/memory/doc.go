// Package memory is a store.
package memory
