package wharf

import "context"

// StageSharer is a [Catalog] that keeps definitions of stages decoded. Its methods
// are those of Catalog, but what they return is shared: a caller must not change it.
type StageSharer interface {
	// SharedStage is Stage without a copy.
	SharedStage(ctx context.Context, name StageName) (*Stage, error)
	// SharedStageByID is StageByID without a copy.
	SharedStageByID(ctx context.Context, id StageID) (*Stage, error)
}

// copiedStages is the StageSharer of a catalog that is none.
type copiedStages struct{ Catalog }

// SharedStage implements [StageSharer].
func (c copiedStages) SharedStage(ctx context.Context, name StageName) (*Stage, error) {
	st, err := c.Stage(ctx, name)
	return &st, err
}

// SharedStageByID implements [StageSharer].
func (c copiedStages) SharedStageByID(ctx context.Context, id StageID) (*Stage, error) {
	st, err := c.StageByID(ctx, id)
	return &st, err
}

// Catalog holds the definitions of the stages, of named connections and of
// named file formats. It is safe for concurrent use, also by several servers
// over one catalog: no caller may assume that it alone changes it.
//
// Each method is one transaction: durable when it returns nil, without effect
// when it returns an error. Values that go in and come out are copies. No
// transaction outlives the call.
//
// The methods that replace, rename or drop something take checks: each is called
// within the transaction with the definition as it then is, and an error of one
// comes back with its code and changes nothing. A check does nothing but compute.
//
// Text that is not valid UTF-8 is
// [CodeInvalid], a failure of the catalog itself [CodeInternal], a full disk
// [CodeNoSpace].
type Catalog interface {
	// CreateStage adds s, whose ID its caller made with NewStageID. It
	// returns the stage of that name as it is afterwards, and whether that is
	// s. Where the name is taken, mode decides: CreateNew fails with
	// CodeExists, CreateIfNotExists returns the present stage unchanged, and
	// CreateOrReplace drops the present stage, as DropStage does, in the same
	// transaction, if all checks pass of it.
	CreateStage(ctx context.Context, s Stage, mode CreateMode, checks ...func(Stage) error) (Stage, bool, error)

	// DropStage removes the stage and returns what it was. An internal
	// stage's ID goes on the list of dropped stages. CodeNotFound if there is
	// none of that name.
	DropStage(ctx context.Context, name StageName, checks ...func(Stage) error) (Stage, error)

	// Stage returns the stage of that name, or CodeNotFound.
	Stage(ctx context.Context, name StageName) (Stage, error)

	// StageByID returns the stage with that ID, whatever its name is now, or
	// CodeNotFound if it was dropped.
	StageByID(ctx context.Context, id StageID) (Stage, error)

	// Stages returns the first limit stages, in byte order of name, whose
	// names come after after; "" is before all names. Fewer than limit, which
	// is more than 0, are the last ones. The pages of a list are transactions
	// of their own.
	Stages(ctx context.Context, after StageName, limit int) ([]Stage, error)

	// DroppedStages returns the internal stages whose files have not all been
	// swept yet, in no particular order.
	DroppedStages(ctx context.Context) ([]Stage, error)

	// UpdateStage replaces the stage's definition by what change makes of it,
	// and returns it as it is afterwards, its Revision one higher. An error
	// of change comes back with its code and changes nothing. CodeNotFound if
	// there is none of that name, CodeInternal if change touched ID, Name,
	// Creator, CreatedOn, or whether the stage is internal.
	//
	// A catalog that several servers share may call change more than once,
	// each time with what the definition then is; change does nothing but
	// compute, and never calls the catalog.
	UpdateStage(ctx context.Context, name StageName, change func(Stage) (Stage, error)) (Stage, error)

	// RenameStage gives a stage another name, and returns it as it is
	// afterwards, its Revision one higher. Its ID stays, and so do its files.
	// CodeNotFound if no stage has the old name, else CodeExists if one has the
	// new name, also if both are the same.
	RenameStage(ctx context.Context, from, to StageName, checks ...func(Stage) error) (Stage, error)

	// ForgetDropped takes a swept stage off the list of dropped stages. An ID
	// that is not on it is not an error.
	ForgetDropped(ctx context.Context, id StageID) error

	// CreateConnection adds a named connection, by the mode as CreateStage
	// does: it returns the connection of that name as it is afterwards, and
	// whether that is c.
	CreateConnection(ctx context.Context, c NamedConnection, mode CreateMode, checks ...func(NamedConnection) error) (NamedConnection, bool, error)

	// UpdateConnection replaces a named connection by what change makes of it, as
	// UpdateStage does. CodeNotFound if there is none of that name, CodeInternal
	// if change touched Name, Creator or CreatedOn.
	UpdateConnection(ctx context.Context, name ConnectionName, change func(NamedConnection) (NamedConnection, error)) (NamedConnection, error)

	// DropConnection removes a named connection, CodeNotFound if there is
	// none. Stages that were made with it keep what they copied.
	DropConnection(ctx context.Context, name ConnectionName, checks ...func(NamedConnection) error) error

	// Connection returns the connection of that name, or CodeNotFound.
	Connection(ctx context.Context, name ConnectionName) (NamedConnection, error)

	// Connections returns a page of the named connections, as Stages does.
	Connections(ctx context.Context, after ConnectionName, limit int) ([]NamedConnection, error)

	// CreateFileFormat adds a named file format, by the mode as CreateStage
	// does: it returns the format of that name as it is afterwards, and
	// whether that is f.
	CreateFileFormat(ctx context.Context, f NamedFormat, mode CreateMode, checks ...func(NamedFormat) error) (NamedFormat, bool, error)

	// DropFileFormat removes a named file format, CodeNotFound if there is
	// none. Whether a stage refers to it is not looked at.
	DropFileFormat(ctx context.Context, name FormatName, checks ...func(NamedFormat) error) error

	// FileFormat returns the file format of that name, or CodeNotFound.
	FileFormat(ctx context.Context, name FormatName) (NamedFormat, error)

	// FileFormats returns a page of the named file formats, as Stages does.
	FileFormats(ctx context.Context, after FormatName, limit int) ([]NamedFormat, error)
}

// UserCatalog holds the users and roles. It is safe for concurrent use; its methods
// are transactions as those of a [Catalog] are, and have their codes.
type UserCatalog interface {
	// Users returns all users and roles as they are now: what an UpdateUsers
	// that has returned changed is seen. It costs little.
	Users(ctx context.Context) (*Users, error)

	// UpdateUsers replaces the users and roles by what change makes of them, and
	// returns them as they are afterwards. An error of change comes back with its
	// code and changes nothing. change may be called more than once; it does
	// nothing but compute. What it is given includes the record of root, which has the
	// zero ID, if there is one. Two users with one ID or one account, and a user
	// without either, are CodeInternal. The own stage of a user who is not there
	// afterwards is dropped in the same transaction, in the Catalog that this one
	// is part of; to create one is CodeUnauthenticated from then on.
	UpdateUsers(ctx context.Context, change func([]User) ([]User, error)) (*Users, error)
}

// CreateMode says what CREATE does where the name is taken.
type CreateMode uint8

// The modes of CREATE.
const (
	CreateNew         CreateMode = iota // CREATE: fails
	CreateIfNotExists                   // CREATE … IF NOT EXISTS: keeps what is there
	CreateOrReplace                     // CREATE OR REPLACE: drops what is there
)
