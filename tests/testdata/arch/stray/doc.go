// Package common is not in the table.
package common
