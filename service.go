package wharf

import (
	"context"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// ServiceOptions are what a Service is made of. Catalog and Opener are
// needed; the rest has defaults.
type ServiceOptions struct {
	Catalog Catalog
	Opener  Opener
	Signer  URLSigner    // for PRESIGN of internal stages; nil: there is none
	Logger  *slog.Logger // nil discards

	MaxFileSize  int64         // bytes of one file; 0 is no limit
	UploadMemory int64         // bytes that all uploads together may hold; 0 is 96 MiB
	UploadWait   time.Duration // how long an upload or download waits for its turn; 0 is 30 s
	MaxUploads   int           // at once, whatever memory they take; 0 is no limit
	MaxDownloads int           // files at once, and a quarter of that of lists; 0 is 512
	Now          func() time.Time
}

// The defaults of ServiceOptions.
const (
	defaultUploadMemory = 96 << 20
	defaultUploadWait   = 30 * time.Second
	defaultMaxDownloads = 512
)

// Service is the use cases that both listeners share. It is safe for
// concurrent use. Its methods return the codes of the Catalog and the Store
// they use, and those that they name.
type Service struct {
	catalog Catalog
	opener  Opener
	signer  URLSigner // may be nil
	log     *slog.Logger
	now     func() time.Time

	maxFileSize int64
	admission   *admission // of files' bytes
	leastUpload int64      // what an upload counts for at least
	downloads   *admission // of files and lists

	shortRecords, longRecords *admission // see Upload.Hold

	// gate is held for reading from the look-up of an upload's stage until
	// the upload is counted in inflight, so that a sweep that takes it for
	// writing sees every upload that found a stage before it was dropped.
	gate sync.RWMutex

	mu       sync.Mutex
	inflight map[StageID]int // guarded by mu: uploads under way, by stage

	sweep chan struct{} // holds one token when there is something to sweep
}

// NewService puts a Service together. It does no I/O; see [Service.Run].
func NewService(o ServiceOptions) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.UploadMemory <= 0 {
		o.UploadMemory = defaultUploadMemory
	}
	if o.UploadWait <= 0 {
		o.UploadWait = defaultUploadWait
	}
	if o.MaxDownloads <= 0 {
		o.MaxDownloads = defaultMaxDownloads
	}
	leastUpload := int64(0)
	if o.MaxUploads > 0 {
		leastUpload = o.UploadMemory / int64(o.MaxUploads)
	}
	return &Service{
		catalog:     o.Catalog,
		opener:      o.Opener,
		signer:      o.Signer,
		log:         o.Logger,
		now:         o.Now,
		maxFileSize: o.MaxFileSize,
		admission:   newAdmission(o.UploadMemory, o.UploadWait),
		leastUpload: leastUpload,
		downloads:   newAdmission(int64(o.MaxDownloads), o.UploadWait),

		shortRecords: newAdmission(shortRecords, o.UploadWait),
		longRecords:  newAdmission(longRecords, o.UploadWait),

		inflight: make(map[StageID]int),
		sweep:    make(chan struct{}, 1),
	}
}

// MaxFileSize is the most bytes that one file may have; 0 is no limit.
func (s *Service) MaxFileSize() int64 { return s.maxFileSize }

// CreateStage makes a stage from def, whose ID, Creator and CreatedOn it
// fills. It tells whether the stage was made; only CreateIfNotExists leaves
// an existing one and returns false. A URL or connection that cannot work is
// CodeInvalid, CodeDenied or CodeUnsupported, a taken name CodeExists, a file
// format that nobody made CodeNotFound.
func (s *Service) CreateStage(ctx context.Context, p Principal, def Stage, mode CreateMode) (bool, error) {
	if err := authorize(p); err != nil {
		return false, err
	}
	if def.Name == UserStage {
		return false, Errorf(CodeInvalid, "@~ is every user's own stage; it is not created")
	}
	def.ID = NewStageID()
	def.Creator = p.User
	def.CreatedOn = s.now().UTC()
	def.Revision = 1
	if err := checkComment(def.Comment); err != nil {
		return false, err
	}
	if err := s.opener.Check(def); err != nil {
		return false, err
	}
	if err := s.checkFormat(ctx, def.FileFormat); err != nil {
		return false, err
	}
	_, created, err := s.catalog.CreateStage(ctx, def, mode)
	if err == nil && mode == CreateOrReplace {
		s.kickSweep()
	}
	return created, err
}

// maxComment is the longest comment of a stage, in characters, as for MySQL's
// tables.
const maxComment = 2048

func checkComment(comment string) error {
	if n := utf8.RuneCountInString(comment); n > maxComment {
		return Errorf(CodeInvalid, "COMMENT has %d characters; at most %d are allowed", n, maxComment)
	}
	return nil
}

// DropStage removes a stage. The files of an internal stage are gone for
// every reader at once, and their space is given back in the background; the
// files of an external stage stay where they are. With ifExists, it tells
// whether there was one; without, an unknown name is CodeNotFound.
func (s *Service) DropStage(ctx context.Context, p Principal, name StageName, ifExists bool) (bool, error) {
	if err := authorize(p); err != nil {
		return false, err
	}
	if name == UserStage {
		return false, Errorf(CodeInvalid, "@~ is every user's own stage; it is not dropped. REMOVE @~/ empties it")
	}
	_, err := s.catalog.DropStage(ctx, name)
	if err == nil {
		s.kickSweep()
	}
	return existed(err, ifExists)
}

// Stage returns the definition of a stage.
func (s *Service) Stage(ctx context.Context, p Principal, name StageName) (Stage, error) {
	if err := authorize(p); err != nil {
		return Stage{}, err
	}
	return s.resolve(ctx, p, name)
}

// Stages streams the definitions of all named stages in byte order of name.
// The users' own stages are not among them.
func (s *Service) Stages(ctx context.Context, p Principal) (iter.Seq2[Stage, error], error) {
	if err := authorize(p); err != nil {
		return nil, err
	}
	all := paged(ctx, s.catalog.Stages, func(st Stage) StageName { return st.Name })
	return func(yield func(Stage, error) bool) {
		for st, err := range all {
			own := strings.HasPrefix(string(st.Name), string(UserStage))
			if (err != nil || !own) && !yield(st, err) {
				return
			}
		}
	}, nil
}

// definitionsPage is how many definitions are read from the catalog at once,
// and so held by one that streams them.
const definitionsPage = 200

// paged streams what the catalog lists, page by page. A failure is yielded
// last.
func paged[N ~string, T any](ctx context.Context, page func(context.Context, N, int) ([]T, error), name func(T) N) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for after := N(""); ; {
			items, err := page(ctx, after, definitionsPage)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if len(items) < definitionsPage {
				return
			}
			after = name(items[len(items)-1])
		}
	}
}

// resolve finds the stage that p means by name. A user's own stage exists
// from the moment that somebody looks for it. A grant's stage is found by its
// ID: it may have another name by now, and its old name may be another's.
func (s *Service) resolve(ctx context.Context, p Principal, name StageName) (Stage, error) {
	if !p.Only.IsZero() {
		return s.catalog.StageByID(ctx, p.Only)
	}
	if name != UserStage {
		return s.catalog.Stage(ctx, name)
	}
	// No name that ParseStageName accepts starts with '~' and goes on.
	own := UserStage + StageName(p.User)
	st, err := s.catalog.Stage(ctx, own)
	if CodeOf(err) != CodeNotFound {
		return st, err
	}
	def := Stage{ID: NewStageID(), Name: own, Creator: p.User, CreatedOn: s.now().UTC(), Revision: 1}
	st, _, err = s.catalog.CreateStage(ctx, def, CreateIfNotExists)
	return st, err
}

// store opens the store of the stage that p means by name.
func (s *Service) store(ctx context.Context, p Principal, name StageName) (Store, error) {
	st, err := s.resolve(ctx, p, name)
	if err != nil {
		return nil, err
	}
	return s.opener.Open(ctx, st)
}

// authorize tells whether p may do anything at all. There is one user, who
// may do everything, unless it comes with a grant.
func authorize(p Principal) error {
	if !p.Only.IsZero() {
		return Errorf(CodeDenied, "a presigned URL is for one file and for nothing else")
	}
	return authorizeFile(p)
}

// authorizeFile tells whether p may read or store a file of a stage that it
// can name: what a grant allows too. Which file of the stage, whoever admitted
// the grant has checked.
func authorizeFile(p Principal) error {
	if p.User == "" {
		return Errorf(CodeUnauthenticated, "nobody is logged in")
	}
	return nil
}
