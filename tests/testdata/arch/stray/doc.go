// Package common has no room.
package common
