package wharf

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"time"
)

// ServiceOptions are what a Service is made of. Catalog and Opener are
// needed; the rest has defaults.
type ServiceOptions struct {
	Catalog Catalog
	Users   UserCatalog    // nil: there is no user but root
	Hasher  PasswordHasher // nil: users have no passwords
	Opener  Opener
	Signer  URLSigner    // for PRESIGN of internal stages; nil: it is not supported
	Logger  *slog.Logger // nil discards

	// ServerCredentials is set where stages on S3 without keys use the server's
	// own, which is for the stages of users with SUPER.
	ServerCredentials bool

	MaxFileSize  int64         // bytes of one file; 0 is no limit
	StageQuota   Quota         // of internal stages without one of their own; 0 is no limit
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
	stages  StageSharer    // the same
	users   UserCatalog    // may be nil
	hasher  PasswordHasher // may be nil
	opener  Opener
	signer  URLSigner // may be nil
	log     *slog.Logger
	now     func() time.Time

	serverCredentials bool

	maxFileSize int64
	stageQuota  Quota
	uploads     *transferLimit // of files' bytes
	leastUpload int64          // what an upload counts for at least
	downloads   *transferLimit // of files and lists

	// gate is held for reading from the look-up of an upload's stage until
	// the upload is counted in inflight, so that a sweep that takes it for
	// writing sees every upload that found a stage before it was dropped.
	gate sync.RWMutex

	mu       sync.Mutex
	inflight map[StageID]int // guarded by mu: uploads in flight, by stage

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
	stages, ok := o.Catalog.(StageSharer)
	if !ok {
		stages = copiedStages{o.Catalog}
	}
	uploads := newTransferLimit(o.UploadMemory, o.UploadWait)
	uploads.shareAmongUsers()
	return &Service{
		catalog: o.Catalog,
		stages:  stages,
		users:   o.Users,
		hasher:  o.Hasher,
		opener:  o.Opener,
		signer:  o.Signer,
		log:     o.Logger,
		now:     o.Now,

		serverCredentials: o.ServerCredentials,

		maxFileSize: o.MaxFileSize,
		stageQuota:  o.StageQuota,
		uploads:     uploads,
		leastUpload: leastUpload,
		downloads:   newTransferLimit(int64(o.MaxDownloads), o.UploadWait),

		inflight: make(map[StageID]int),
		sweep:    make(chan struct{}, 1),
	}
}

// MaxFileSize is the most bytes that one file may have; 0 is no limit.
func (s *Service) MaxFileSize() int64 { return s.maxFileSize }

// UploadWait is how long an upload or a download waits for its turn.
func (s *Service) UploadWait() time.Duration { return s.uploads.wait }

// definitionsPage is how many definitions are read from the catalog at once.
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
