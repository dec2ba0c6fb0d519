// Package tests is the black box.
package tests
