package metatest

import (
	"context"

	"wharf"
)

// broken is a catalog some of whose methods are replaced.
type broken struct {
	wharf.Catalog
	createStage  func(context.Context, wharf.Stage, wharf.CreateMode) (wharf.Stage, bool, error)
	dropStage    func(context.Context, wharf.StageName) (wharf.Stage, error)
	stage        func(context.Context, wharf.StageName) (wharf.Stage, error)
	stageByID    func(context.Context, wharf.StageID) (wharf.Stage, error)
	stages       func(context.Context, wharf.StageName, int) ([]wharf.Stage, error)
	dropped      func(context.Context) ([]wharf.Stage, error)
	forget       func(context.Context, wharf.StageID) error
	update       func(context.Context, wharf.StageName, func(wharf.Stage) (wharf.Stage, error)) (wharf.Stage, error)
	rename       func(ctx context.Context, from, to wharf.StageName) (wharf.Stage, error)
	createConn   func(context.Context, wharf.NamedConnection, wharf.CreateMode) (wharf.NamedConnection, bool, error)
	dropConn     func(context.Context, wharf.ConnectionName) error
	conn         func(context.Context, wharf.ConnectionName) (wharf.NamedConnection, error)
	conns        func(context.Context, wharf.ConnectionName, int) ([]wharf.NamedConnection, error)
	createFormat func(context.Context, wharf.NamedFormat, wharf.CreateMode) (wharf.NamedFormat, bool, error)
	formats      func(context.Context, wharf.FormatName, int) ([]wharf.NamedFormat, error)
}

func (b *broken) CreateStage(ctx context.Context, s wharf.Stage, mode wharf.CreateMode, checks ...func(wharf.Stage) error) (wharf.Stage, bool, error) {
	if b.createStage != nil {
		return b.createStage(ctx, s, mode)
	}
	return b.Catalog.CreateStage(ctx, s, mode, checks...)
}

func (b *broken) DropStage(ctx context.Context, name wharf.StageName, checks ...func(wharf.Stage) error) (wharf.Stage, error) {
	if b.dropStage != nil {
		return b.dropStage(ctx, name)
	}
	return b.Catalog.DropStage(ctx, name, checks...)
}

func (b *broken) Stage(ctx context.Context, name wharf.StageName) (wharf.Stage, error) {
	if b.stage != nil {
		return b.stage(ctx, name)
	}
	return b.Catalog.Stage(ctx, name)
}

func (b *broken) StageByID(ctx context.Context, id wharf.StageID) (wharf.Stage, error) {
	if b.stageByID != nil {
		return b.stageByID(ctx, id)
	}
	return b.Catalog.StageByID(ctx, id)
}

func (b *broken) Stages(ctx context.Context, after wharf.StageName, limit int) ([]wharf.Stage, error) {
	if b.stages != nil {
		return b.stages(ctx, after, limit)
	}
	return b.Catalog.Stages(ctx, after, limit)
}

func (b *broken) DroppedStages(ctx context.Context) ([]wharf.Stage, error) {
	if b.dropped != nil {
		return b.dropped(ctx)
	}
	return b.Catalog.DroppedStages(ctx)
}

func (b *broken) ForgetDropped(ctx context.Context, id wharf.StageID) error {
	if b.forget != nil {
		return b.forget(ctx, id)
	}
	return b.Catalog.ForgetDropped(ctx, id)
}

func (b *broken) UpdateStage(ctx context.Context, name wharf.StageName, change func(wharf.Stage) (wharf.Stage, error)) (wharf.Stage, error) {
	if b.update != nil {
		return b.update(ctx, name, change)
	}
	return b.Catalog.UpdateStage(ctx, name, change)
}

func (b *broken) RenameStage(ctx context.Context, from, to wharf.StageName, checks ...func(wharf.Stage) error) (wharf.Stage, error) {
	if b.rename != nil {
		return b.rename(ctx, from, to)
	}
	return b.Catalog.RenameStage(ctx, from, to, checks...)
}

func (b *broken) CreateConnection(ctx context.Context, c wharf.NamedConnection, mode wharf.CreateMode, checks ...func(wharf.NamedConnection) error) (wharf.NamedConnection, bool, error) {
	if b.createConn != nil {
		return b.createConn(ctx, c, mode)
	}
	return b.Catalog.CreateConnection(ctx, c, mode, checks...)
}

func (b *broken) DropConnection(ctx context.Context, name wharf.ConnectionName, checks ...func(wharf.NamedConnection) error) error {
	if b.dropConn != nil {
		return b.dropConn(ctx, name)
	}
	return b.Catalog.DropConnection(ctx, name, checks...)
}

func (b *broken) Connection(ctx context.Context, name wharf.ConnectionName) (wharf.NamedConnection, error) {
	if b.conn != nil {
		return b.conn(ctx, name)
	}
	return b.Catalog.Connection(ctx, name)
}

func (b *broken) Connections(ctx context.Context, after wharf.ConnectionName, limit int) ([]wharf.NamedConnection, error) {
	if b.conns != nil {
		return b.conns(ctx, after, limit)
	}
	return b.Catalog.Connections(ctx, after, limit)
}

func (b *broken) CreateFileFormat(ctx context.Context, f wharf.NamedFormat, mode wharf.CreateMode, checks ...func(wharf.NamedFormat) error) (wharf.NamedFormat, bool, error) {
	if b.createFormat != nil {
		return b.createFormat(ctx, f, mode)
	}
	return b.Catalog.CreateFileFormat(ctx, f, mode, checks...)
}

func (b *broken) FileFormats(ctx context.Context, after wharf.FormatName, limit int) ([]wharf.NamedFormat, error) {
	if b.formats != nil {
		return b.formats(ctx, after, limit)
	}
	return b.Catalog.FileFormats(ctx, after, limit)
}
