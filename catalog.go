package wharf

import "context"

// Catalog holds the definitions of the stages. It is safe for concurrent use,
// also by several servers over one catalog: nobody may assume to be the only
// one who changes it.
//
// Each method is one transaction: durable when it returns nil, without effect
// when it returns an error. Values that go in and come out are copies. No
// transaction outlives the call. A failure of the catalog itself is
// [CodeInternal], a full disk [CodeNoSpace].
type Catalog interface {
	// CreateStage adds s, whose ID its caller made with NewStageID. It
	// returns the stage of that name as it is afterwards, and whether that is
	// s. Where the name is taken, mode decides: CreateNew fails with
	// CodeExists, CreateIfNotExists returns the present stage unchanged, and
	// CreateOrReplace drops the present stage, as DropStage does, in the same
	// transaction.
	CreateStage(ctx context.Context, s Stage, mode CreateMode) (Stage, bool, error)

	// DropStage removes the stage and returns what it was. An internal
	// stage's ID goes on the list of dropped stages. CodeNotFound if there is
	// none of that name.
	DropStage(ctx context.Context, name StageName) (Stage, error)

	// Stage returns the stage of that name, or CodeNotFound.
	Stage(ctx context.Context, name StageName) (Stage, error)

	// StageByID returns the stage with that ID, whatever its name is now, or
	// CodeNotFound if it was dropped.
	StageByID(ctx context.Context, id StageID) (Stage, error)

	// Stages returns all stages in byte order of name.
	Stages(ctx context.Context) ([]Stage, error)

	// DroppedStages returns the internal stages whose files have not all been
	// swept yet, in no particular order.
	DroppedStages(ctx context.Context) ([]Stage, error)

	// ForgetDropped takes a swept stage off the list of dropped stages. An ID
	// that is not on it is not an error.
	ForgetDropped(ctx context.Context, id StageID) error
}

// CreateMode says what CREATE does where the name is taken.
type CreateMode uint8

// The modes of CREATE.
const (
	CreateNew         CreateMode = iota // CREATE: fails
	CreateIfNotExists                   // CREATE … IF NOT EXISTS: keeps what is there
	CreateOrReplace                     // CREATE OR REPLACE: drops what is there
)
