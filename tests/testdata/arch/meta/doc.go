// Package meta is the catalog.
package meta
