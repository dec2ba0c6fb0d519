package local

import (
	"fmt"
	"slices"

	"wharf"
)

// relative names a body file for people: its path within the data folder.
func (c *checker) relative(id bodyID) string {
	return c.e.fs.PathJoin(bodiesFolder, c.e.fs.PathBase(c.e.folderPath(id)), c.e.fs.PathBase(c.e.bodyPath(id)))
}

// eachFile calls do for every file among the bodies that is named like one. id
// is 0 where its place is not a body's. Other files are left alone.
func (c *checker) eachFile(do func(id bodyID, path, relative string) error) error {
	fs, root := c.e.fs, c.e.path(bodiesFolder)
	folders, err := fs.List(root)
	if missing(err) && !c.o.Repair {
		return nil // each object that had a body there is found without
	}
	if missing(err) {
		return fs.MkdirAll(root, folderMode)
	}
	if err != nil {
		return err
	}
	folders = slices.DeleteFunc(folders, foreign)
	slices.Sort(folders)
	for _, folder := range folders {
		info, err := fs.Stat(fs.PathJoin(root, folder))
		if err != nil {
			return err
		}
		names := []string{""}
		if info.IsDir() {
			if names, err = fs.List(fs.PathJoin(root, folder)); err != nil {
				return err
			}
		}
		slices.Sort(names)
		for _, name := range names {
			path, relative := fs.PathJoin(root, folder, name), fs.PathJoin(bodiesFolder, folder, name)
			id, ok := parseBodyName(name)
			switch {
			case !ok:
				c.report(Finding{File: relative, What: "not a file of Wharf's, left alone", Foreign: true})
				continue
			case c.e.bodyPath(id) != path:
				id = 0
			}
			if err := do(id, path, relative); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkFolders looks for files that the index does not know.
func (c *checker) checkFolders() error {
	return c.eachFile(func(id bodyID, path, relative string) error {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if id != 0 {
			owned, err1 := c.e.has(spaceFile, id)
			dead, err2 := c.e.has(spaceDead, id)
			if err1 != nil || err2 != nil {
				return fmt.Errorf("%w: %w, %w", errIndex, err1, err2)
			}
			if owned || dead || c.last.mayBeInFlight(id) {
				// What a crash left of uploads the next start removes.
				return nil
			}
		}
		f := Finding{File: relative, What: "a stray file that the index does not know"}
		return c.found(f, func() (string, error) { return "put aside", c.moveAside(path) })
	})
}

// mayBeInFlight tells whether a body file without an owner is what a start
// expects.
func (s allocation) mayBeInFlight(id bodyID) bool {
	n := id.number()
	return s.from <= n && n < s.to || slices.Contains(s.older, n)
}

// checkFilesAlone verifies the body files by what they say of themselves.
func (c *checker) checkFilesAlone() error {
	told := map[wharf.StageID]bool{}
	return c.eachFile(func(id bodyID, path, relative string) error {
		f := Finding{File: relative}
		switch t, err := verifyBody(c.ctx, c.e.fs, path); {
		case c.ctx.Err() != nil:
			return c.ctx.Err()
		case err != nil:
			f.What = err.Error()
		case t.id != id:
			f.What = "the body file says that it is another"
		default:
			if c.o.Stage != nil && !told[t.stage] {
				told[t.stage] = true
				c.o.Stage(t.stage)
			}
			return nil
		}
		c.report(f)
		return nil
	})
}
