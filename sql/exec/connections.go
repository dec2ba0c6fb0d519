package exec

import (
	"context"

	"wharf"
	"wharf/sql"
)

func (s *Session) createConnection(ctx context.Context, st *sql.CreateConnection) error {
	name, err := wharf.ParseConnectionName(st.Name)
	if err != nil {
		return err
	}
	def, err := wharf.ParseNamedConnection(st.Options)
	if err != nil {
		return err
	}
	def.Name = name
	created, err := s.executor.service.CreateConnection(ctx, s.client.Principal, def, st.Mode)
	if err == nil && !created {
		s.warn("Note", warnExists, "Connection '%s' already exists", name)
	}
	return err
}

func (s *Session) dropConnection(ctx context.Context, st *sql.DropConnection) error {
	name, err := wharf.ParseConnectionName(st.Name)
	if err != nil {
		return err
	}
	dropped, err := s.executor.service.DropConnection(ctx, s.client.Principal, name, st.IfExists)
	if err == nil && !dropped {
		s.warn("Note", warnNoSuchTable, "Unknown connection '%s'", name)
	}
	return err
}

// connectionColumns are Databend's.
func connectionColumns() []wharf.Column {
	return []wharf.Column{text("name"), text("storage_type"), text("storage_params")}
}

func connectionRow(c wharf.NamedConnection) []wharf.Value {
	return texts(string(c.Name), c.StorageType, connectionParams(c.Connection))
}

func connectionParams(c wharf.Connection) string {
	p, credentials := paramsOf(c), c.HasCredentials()
	p.Endpoint, p.Credentials = c.EndpointURL, &credentials
	return p.json()
}

func (s *Session) descConnection(st *sql.DescConnection) plan {
	return s.answer(connectionColumns(), func(ctx context.Context) ([][]wharf.Value, error) {
		name, err := wharf.ParseConnectionName(st.Name)
		if err != nil {
			return nil, err
		}
		c, err := s.executor.service.Connection(ctx, s.client.Principal, name)
		if err != nil {
			return nil, err
		}
		return [][]wharf.Value{connectionRow(c)}, nil
	})
}

func (s *Session) showConnections(st *sql.ShowConnections) plan {
	return definitions(connectionColumns(), s.executor.service.Connections, s, st.Like, withoutContext(connectionRow))
}
