package metatest

import (
	"context"
	"slices"
	"strings"
	"time"

	"wharf"
)

// widen returns others the time to come in between. Without it a race may not
// show; with it none is invented.
func widen() { time.Sleep(time.Millisecond) }

// createBreaks are ways not to keep the contract when stages are made.
func createBreaks() map[string]func(b *broken) {
	return map[string]func(b *broken){
		"a drop asks no check": func(b *broken) {
			b.dropStage = func(ctx context.Context, name wharf.StageName) (wharf.Stage, error) {
				return b.Catalog.DropStage(ctx, name)
			}
		},
		"a drop of a connection asks no check": func(b *broken) {
			b.dropConn = func(ctx context.Context, name wharf.ConnectionName) error { return b.Catalog.DropConnection(ctx, name) }
		},
		"create takes a name that is taken": func(b *broken) {
			b.createStage = func(ctx context.Context, s wharf.Stage, _ wharf.CreateMode) (wharf.Stage, bool, error) {
				return b.Catalog.CreateStage(ctx, s, wharf.CreateOrReplace)
			}
		},
		"replace forgets the files": func(b *broken) {
			b.createStage = func(ctx context.Context, s wharf.Stage, mode wharf.CreateMode) (wharf.Stage, bool, error) {
				old, err := b.Catalog.Stage(ctx, s.Name)
				got, created, err2 := b.Catalog.CreateStage(ctx, s, mode)
				if err == nil && created {
					b.Catalog.ForgetDropped(ctx, old.ID)
				}
				return got, created, err2
			}
		},
		"create looks and then makes": func(b *broken) {
			b.createStage = func(ctx context.Context, s wharf.Stage, mode wharf.CreateMode) (wharf.Stage, bool, error) {
				if old, err := b.Catalog.Stage(ctx, s.Name); err == nil && mode == wharf.CreateIfNotExists {
					return old, false, nil
				} else if err == nil && mode == wharf.CreateNew {
					return wharf.Stage{}, false, wharf.Errorf(wharf.CodeExists, "taken")
				}
				widen()
				return b.Catalog.CreateStage(ctx, s, wharf.CreateOrReplace)
			}
		},
		"a stage that cannot be stored takes the old one along": func(b *broken) {
			b.createStage = func(ctx context.Context, s wharf.Stage, mode wharf.CreateMode) (wharf.Stage, bool, error) {
				if mode == wharf.CreateOrReplace {
					b.Catalog.DropStage(ctx, s.Name)
				}
				return b.Catalog.CreateStage(ctx, s, mode)
			}
		},
	}
}

// findBreaks are ways not to keep it when they are looked up and dropped.
func findBreaks() map[string]func(b *broken) {
	return map[string]func(b *broken){
		"a field is lost": func(b *broken) {
			b.stageByID = func(ctx context.Context, id wharf.StageID) (wharf.Stage, error) {
				s, err := b.Catalog.StageByID(ctx, id)
				s.Connection.ExternalID = wharf.Secret{}
				return s, err
			}
		},
		"what is given out is shared": func(b *broken) {
			kept := map[wharf.StageID]wharf.Stage{}
			b.createStage = func(ctx context.Context, s wharf.Stage, mode wharf.CreateMode) (wharf.Stage, bool, error) {
				got, created, err := b.Catalog.CreateStage(ctx, s, mode)
				if s.FileFormat.NullIf.Given {
					kept[s.ID] = got
				}
				return got, created, err
			}
			b.stage = func(ctx context.Context, name wharf.StageName) (wharf.Stage, error) {
				s, err := b.Catalog.Stage(ctx, name)
				if shared, ok := kept[s.ID]; ok {
					s = shared
				}
				return s, err
			}
		},
		"drop keeps no list": func(b *broken) {
			b.dropStage = func(ctx context.Context, name wharf.StageName) (wharf.Stage, error) {
				s, err := b.Catalog.DropStage(ctx, name)
				b.Catalog.ForgetDropped(ctx, s.ID)
				return s, err
			}
		},
		"drop does nothing": func(b *broken) { b.dropStage = b.Catalog.Stage },
		"the list is in another order": func(b *broken) {
			b.stages = func(ctx context.Context, after wharf.StageName, limit int) ([]wharf.Stage, error) {
				all, err := b.Catalog.Stages(ctx, after, limit)
				slices.SortStableFunc(all, func(a, b wharf.Stage) int {
					return strings.Compare(strings.ToLower(string(a.Name)), strings.ToLower(string(b.Name)))
				})
				return all, err
			}
		},
		"a page begins with the name that it comes after": func(b *broken) {
			b.stages = func(ctx context.Context, after wharf.StageName, limit int) ([]wharf.Stage, error) {
				all, err := b.Catalog.Stages(ctx, "", 1<<20)
				from := slices.IndexFunc(all, func(s wharf.Stage) bool { return s.Name >= after })
				if from < 0 {
					return nil, err
				}
				return all[from:min(from+limit, len(all))], err
			}
		},
		"a page is longer than its limit": func(b *broken) {
			b.stages = func(ctx context.Context, after wharf.StageName, limit int) ([]wharf.Stage, error) {
				return b.Catalog.Stages(ctx, after, limit+1)
			}
		},
		"odd names are not found": func(b *broken) {
			b.stage = func(ctx context.Context, name wharf.StageName) (wharf.Stage, error) {
				if strings.HasPrefix(string(name), "~") {
					return wharf.Stage{}, wharf.Errorf(wharf.CodeNotFound, "no")
				}
				return b.Catalog.Stage(ctx, name)
			}
		},
	}
}

// alterBreaks are ways not to keep it when they are changed.
func alterBreaks() map[string]func(b *broken) {
	ctx := context.Background() // deaf to the caller's
	return map[string]func(b *broken){
		"deaf to the context": func(b *broken) {
			b.stage = func(_ context.Context, name wharf.StageName) (wharf.Stage, error) { return b.Catalog.Stage(ctx, name) }
		},
		"update is deaf to the context": func(b *broken) {
			b.update = func(_ context.Context, name wharf.StageName, change func(wharf.Stage) (wharf.Stage, error)) (wharf.Stage, error) {
				return b.Catalog.UpdateStage(ctx, name, change)
			}
		},
		"update gives what was": func(b *broken) {
			b.update = func(ctx context.Context, name wharf.StageName, change func(wharf.Stage) (wharf.Stage, error)) (wharf.Stage, error) {
				s, _ := b.Catalog.Stage(ctx, name)
				_, err := b.Catalog.UpdateStage(ctx, name, change)
				return s, err
			}
		},
		"update loses what others did": func(b *broken) {
			b.update = func(ctx context.Context, name wharf.StageName, change func(wharf.Stage) (wharf.Stage, error)) (wharf.Stage, error) {
				s, err := b.Catalog.Stage(ctx, name)
				if err != nil {
					return s, err
				}
				next, err := change(s)
				if err != nil {
					return s, err
				}
				return b.Catalog.UpdateStage(ctx, name, func(wharf.Stage) (wharf.Stage, error) {
					widen()
					return next, nil
				})
			}
		},
		"update changes all the same": func(b *broken) {
			b.update = func(ctx context.Context, name wharf.StageName, change func(wharf.Stage) (wharf.Stage, error)) (wharf.Stage, error) {
				var failed error
				s, err := b.Catalog.UpdateStage(ctx, name, func(s wharf.Stage) (wharf.Stage, error) {
					s.Comment = "changed"
					_, failed = change(s)
					return s, nil
				})
				if failed != nil {
					err = failed
				}
				return s, err
			}
		},
		"rename takes a name that is taken": func(b *broken) {
			b.rename = func(ctx context.Context, from, to wharf.StageName) (wharf.Stage, error) {
				if from != to {
					b.Catalog.DropStage(ctx, to)
				}
				return b.Catalog.RenameStage(ctx, from, to)
			}
		},
		"rename makes another stage": func(b *broken) {
			b.rename = func(ctx context.Context, from, to wharf.StageName) (wharf.Stage, error) {
				s, err := b.Catalog.DropStage(ctx, from)
				if err != nil {
					return s, err
				}
				s.ID, s.Name = wharf.NewStageID(), to
				s, _, err = b.Catalog.CreateStage(ctx, s, wharf.CreateNew)
				return s, err
			}
		},
	}
}

// namedBreaks are ways not to keep it for connections and file formats.
func namedBreaks() map[string]func(b *broken) {
	return map[string]func(b *broken){
		"a connection's secret is lost": func(b *broken) {
			b.conn = func(ctx context.Context, name wharf.ConnectionName) (wharf.NamedConnection, error) {
				c, err := b.Catalog.Connection(ctx, name)
				c.Connection.SessionToken = wharf.Secret{}
				return c, err
			}
		},
		"connections are found in any case": func(b *broken) {
			b.conn = func(ctx context.Context, name wharf.ConnectionName) (wharf.NamedConnection, error) {
				c, err := b.Catalog.Connection(ctx, name)
				if err != nil {
					c, err = b.Catalog.Connection(ctx, wharf.ConnectionName(strings.ToLower(string(name))))
				}
				return c, err
			}
		},
		"the drop of no connection is none": func(b *broken) {
			b.dropConn = func(ctx context.Context, name wharf.ConnectionName) error {
				b.Catalog.DropConnection(ctx, name)
				return nil
			}
		},
		"connections in another order": func(b *broken) {
			b.conns = func(ctx context.Context, after wharf.ConnectionName, limit int) ([]wharf.NamedConnection, error) {
				all, err := b.Catalog.Connections(ctx, after, limit)
				slices.Reverse(all)
				return all, err
			}
		},
		"every connection is new": func(b *broken) {
			b.createConn = func(ctx context.Context, c wharf.NamedConnection, _ wharf.CreateMode) (wharf.NamedConnection, bool, error) {
				return b.Catalog.CreateConnection(ctx, c, wharf.CreateOrReplace)
			}
		},
		"every format is new": func(b *broken) {
			b.createFormat = func(ctx context.Context, f wharf.NamedFormat, _ wharf.CreateMode) (wharf.NamedFormat, bool, error) {
				return b.Catalog.CreateFileFormat(ctx, f, wharf.CreateOrReplace)
			}
		},
		"a list without its context": func(b *broken) {
			b.formats = func(_ context.Context, after wharf.FormatName, limit int) ([]wharf.NamedFormat, error) {
				return b.Catalog.FileFormats(context.Background(), after, limit)
			}
		},
	}
}
