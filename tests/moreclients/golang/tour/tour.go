// Package tour is what the tours of Go's clients share.
package tour

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// Stage is the stage that has a.csv, with the line "a,b" and the line "1,2".
var Stage = os.Getenv("STAGE")

// DSN is where the server is.
func DSN() string {
	return "root@tcp(" + os.Getenv("HOST") + ":" + os.Getenv("PORT") + ")/default?parseTime=true"
}

// Say prints a step.
func Say(step string, what ...any) {
	words := make([]string, len(what))
	for i, w := range what {
		words[i] = fmt.Sprint(w)
	}
	fmt.Println(step + ": " + strings.Join(words, " | "))
}

// Must ends the tour at an error.
func Must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Number is MySQL's number of an error.
func Number(err error) any {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return err
}
