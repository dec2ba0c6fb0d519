package wharf

import (
	"context"
	"errors"
	"strings"
)

// CopyFiles copies files from one place to another, of any two stages, and
// streams the key of each copy once it is durable. A file keeps its name below
// the folder that it is taken from: of @a/x/y, "x/y1" becomes "y1" below the
// target, "x/y/z" becomes "y/z".
//
// The source is a prefix, as in ListFiles; without a pattern, a path that is
// exactly a key is that one file. The target is a stage or a folder of it;
// what is there under the same key is replaced. A target that lies within the
// source, or around it, is CodeInvalid: the copy would meet its own copies. So
// is one in another stage that shares files with the source. Nothing more is
// copied once the caller stops ranging or ctx ends; copies that were made stay.
// A file that is removed meanwhile is skipped.
func (s *Service) CopyFiles(ctx context.Context, p Principal, from Location, pat Pattern, to Location) (Listing[Key], error) {
	if _, err := s.authorize(ctx, p); err != nil {
		return Listing[Key]{}, err
	}
	if !to.IsFolder() {
		if _, err := ParseFolder(to.Folder().Path); err != nil {
			return Listing[Key]{}, err
		}
		return Listing[Key]{}, Errorf(CodeInvalid, "the target %s is not a folder; write %s", to, to.Folder())
	}
	store, err := s.copySource(ctx, p, from, to)
	if err != nil {
		return Listing[Key]{}, err
	}
	files, err := s.copySources(ctx, store, from, pat)
	if err != nil {
		return Listing[Key]{}, err
	}
	folder := from.Path[:strings.LastIndexByte(from.Path, '/')+1]
	return Listing[Key]{LeftOut: files.LeftOut, All: func(yield func(Key, error) bool) {
		for obj, err := range files.All {
			if err != nil {
				yield("", err)
				return
			}
			key, err := s.copyOne(ctx, p, store, obj, to, string(obj.Key[len(folder):]))
			if CodeOf(err) == CodeNotFound && gone(ctx, store, obj.Key) {
				continue
			}
			if !yield(key, err) || err != nil {
				return
			}
		}
	}}, nil
}

// copySource opens the store that is copied from. It refuses a target where the
// list of the source would meet the copies.
func (s *Service) copySource(ctx context.Context, p Principal, from, to Location) (Store, error) {
	source, err := s.resolve(ctx, p, from.Stage, PrivilegeRead)
	if err != nil {
		return nil, err
	}
	target, err := s.resolve(ctx, p, to.Stage, PrivilegeWrite)
	if err != nil {
		return nil, err
	}
	store, err := s.open(ctx, source)
	if err != nil {
		return nil, err
	}
	meet := source.ID == target.ID && (Place{Path: from.Path}).meets(Place{Path: to.Path})
	if placer, ok := store.(Placer); ok && !meet {
		other, err := s.open(ctx, target)
		if err != nil {
			return nil, err
		}
		if o, ok := other.(Placer); ok {
			meet = placer.Place(from.Path).meets(o.Place(to.Path))
		}
	}
	if meet {
		return nil, Errorf(CodeInvalid, "%s and %s lie within each other; the copy would meet its own copies", to, from)
	}
	return store, nil
}

// copySources returns the files that a COPY FILES is about.
func (s *Service) copySources(ctx context.Context, store Store, from Location, pat Pattern) (Listing[Object], error) {
	// A path such as "." or ".." is no key, but the prefix of some.
	if key, err := ParseKey(from.Path); err == nil && pat.IsZero() {
		obj, err := store.Stat(ctx, key)
		if err == nil {
			one := func(yield func(Object, error) bool) { yield(obj, nil) }
			return Listing[Object]{All: one, LeftOut: &LeftOut{}}, nil
		}
		if CodeOf(err) != CodeNotFound {
			return Listing[Object]{}, err
		}
	}
	return s.matching(ctx, store, from.Stage, ListOptions{Prefix: from.Path}, pat), nil
}

// copyTries is how often the copy of a file is tried whose versions are
// replaced faster than they can be read.
const copyTries = 5

// copyOne copies one object, and returns the key of the copy.
func (s *Service) copyOne(ctx context.Context, p Principal, store Store, obj Object, to Location, rest string) (Key, error) {
	key, err := ParseKey(to.Path + rest)
	if err != nil {
		return "", err
	}
	for range copyTries {
		if err = s.copyVersion(ctx, p, store, obj.Key, to.Stage, key); !errors.Is(err, ErrReplaced) {
			break
		}
	}
	return key, err
}

// copyVersion copies the present version of one object.
func (s *Service) copyVersion(ctx context.Context, p Principal, store Store, from Key, to StageName, key Key) error {
	file, err := store.Open(ctx, from)
	if err != nil {
		return err
	}
	defer file.Close()
	size := file.Object().Size
	u, err := s.BeginUpload(ctx, p, to, size)
	if err != nil {
		return err
	}
	defer u.Close()
	body, err := file.Range(ctx, 0, -1)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = u.Put(ctx, key, body, PutOptions{Size: size})
	return err
}

// gone reports whether the object is not there any more. A copy that fails with
// CodeNotFound may also mean that the target's stage is not there.
func gone(ctx context.Context, store Store, key Key) bool {
	_, err := store.Stat(ctx, key)
	return CodeOf(err) == CodeNotFound
}
