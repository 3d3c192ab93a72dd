// Command sql runs statements on a SQLite file, as anybody could who has the
// file: the tour shows with it that the log notices. Nothing else uses it.
package main

import (
	"database/sql"
	"fmt"
	"os"

	_ "modernc.org/sqlite" // the driver
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "sql FILE STATEMENTS")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "sql:", err)
		os.Exit(1)
	}
}

func run(file, statements string) error {
	if _, err := os.Stat(file); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer db.Close()
	res, err := db.Exec(statements)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	fmt.Printf("%d rows changed\n", n)
	return err
}
