package wharf

import (
	"context"
	"iter"
)

// CreateConnection makes a named connection from def, whose Creator and
// CreatedOn it fills. It tells whether it was made; only CreateIfNotExists
// leaves an existing one and returns false. A taken name is CodeExists.
func (s *Service) CreateConnection(ctx context.Context, p Principal, def NamedConnection, mode CreateMode) (bool, error) {
	if err := authorize(p); err != nil {
		return false, err
	}
	def.Creator, def.CreatedOn = p.User, s.now().UTC()
	_, created, err := s.catalog.CreateConnection(ctx, def, mode)
	return created, err
}

// DropConnection removes a named connection. The stages that were made with
// it keep what they copied. With ifExists, it tells whether there was one;
// without, an unknown name is CodeNotFound.
func (s *Service) DropConnection(ctx context.Context, p Principal, name ConnectionName, ifExists bool) (bool, error) {
	if err := authorize(p); err != nil {
		return false, err
	}
	return existed(s.catalog.DropConnection(ctx, name), ifExists)
}

// ReadConnection reads what CONNECTION = (…) or CREDENTIALS = (…) says: the
// settings of [ParseConnection], or CONNECTION_NAME alone, which copies those of
// a named connection. Like all messages about that clause, those here hold no
// value of it: it may be a secret in the wrong place.
func (s *Service) ReadConnection(ctx context.Context, p Principal, options []Option) (Connection, error) {
	i := indexOption(options, "CONNECTION_NAME")
	if i < 0 {
		return ParseConnection(options)
	}
	if len(options) > 1 {
		return Connection{}, Errorf(CodeInvalid, "CONNECTION: connection_name stands alone; take the other settings out")
	}
	name, err := ParseConnectionName(options[i].Value)
	if err != nil {
		return Connection{}, Errorf(CodeInvalid, "CONNECTION: the value of connection_name is not right; it takes the name of a connection")
	}
	named, err := s.Connection(ctx, p, name)
	if CodeOf(err) == CodeNotFound {
		err = Errorf(CodeNotFound, "there is no connection of the name that connection_name gives; SHOW CONNECTIONS lists them")
	}
	return named.Connection, err
}

// Connection returns the connection of that name.
func (s *Service) Connection(ctx context.Context, p Principal, name ConnectionName) (NamedConnection, error) {
	if err := authorize(p); err != nil {
		return NamedConnection{}, err
	}
	return s.catalog.Connection(ctx, name)
}

// Connections streams all named connections in byte order of name.
func (s *Service) Connections(ctx context.Context, p Principal) (iter.Seq2[NamedConnection, error], error) {
	if err := authorize(p); err != nil {
		return nil, err
	}
	return paged(ctx, s.catalog.Connections, func(c NamedConnection) ConnectionName { return c.Name }), nil
}

// CreateFileFormat makes a named file format from def, whose Creator and
// CreatedOn it fills. It tells whether it was made; only CreateIfNotExists
// leaves an existing one and returns false. A taken name is CodeExists, the
// name of a type CodeInvalid.
func (s *Service) CreateFileFormat(ctx context.Context, p Principal, def NamedFormat, mode CreateMode) (bool, error) {
	if err := authorizeFormat(p, def.Name); err != nil {
		return false, err
	}
	def.Creator, def.CreatedOn = p.User, s.now().UTC()
	_, created, err := s.catalog.CreateFileFormat(ctx, def, mode)
	return created, err
}

// DropFileFormat removes a named file format. A stage that refers to it says
// so when its files are read. With ifExists, it tells whether there was one;
// without, an unknown name is CodeNotFound.
func (s *Service) DropFileFormat(ctx context.Context, p Principal, name FormatName, ifExists bool) (bool, error) {
	if err := authorizeFormat(p, name); err != nil {
		return false, err
	}
	return existed(s.catalog.DropFileFormat(ctx, name), ifExists)
}

func authorizeFormat(p Principal, name FormatName) error {
	if _, ok := parseFileType(string(name)); ok {
		return Errorf(CodeInvalid, "%s is a type that every server has as a file format; it is neither created nor dropped", name)
	}
	return authorize(p)
}

// FileFormat returns the file format of that name. The names of the types
// are among them, in any case.
func (s *Service) FileFormat(ctx context.Context, p Principal, name FormatName) (NamedFormat, error) {
	if err := authorize(p); err != nil {
		return NamedFormat{}, err
	}
	if typ, ok := parseFileType(string(name)); ok {
		return NamedFormat{Name: name, Format: FileFormat{Type: typ}}, nil
	}
	return s.catalog.FileFormat(ctx, name)
}

// FileFormats streams all file formats that were created, in byte order of
// name.
func (s *Service) FileFormats(ctx context.Context, p Principal) (iter.Seq2[NamedFormat, error], error) {
	if err := authorize(p); err != nil {
		return nil, err
	}
	return paged(ctx, s.catalog.FileFormats, func(f NamedFormat) FormatName { return f.Name }), nil
}

// checkFormat tells whether the named format that a file format refers to is
// there.
func (s *Service) checkFormat(ctx context.Context, f FileFormat) error {
	if _, ok := parseFileType(string(f.FormatName)); ok || f.FormatName == "" {
		return nil
	}
	_, err := s.catalog.FileFormat(ctx, f.FormatName)
	return err
}
