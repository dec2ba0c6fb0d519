package exec

import (
	"context"

	"wharf"
	"wharf/sql"
)

func tokenColumns() []wharf.Column {
	return []wharf.Column{text("name"), text("user"), text("token"), dateNull("expires_at")}
}

// createToken is CREATE TOKEN: one row, which alone has the token's text.
func (s *Session) createToken(st *sql.CreateToken) plan {
	return s.answer(tokenColumns(), func(ctx context.Context) ([][]wharf.Value, error) {
		s.endTransaction()
		of, err := s.accountOrOwn(ctx, st.For)
		if err != nil {
			return nil, err
		}
		made, err := s.executor.service.CreateToken(ctx, s.client.Principal, wharf.NewToken{Name: st.Name, For: of, Life: st.Life})
		if err != nil {
			return nil, numbered(err)
		}
		return [][]wharf.Value{append(texts(made.Name, quotedAccount(made.Account), made.Text.Reveal()), expiry(made.Token))}, nil
	})
}

// accountOrOwn is the account that a name means; nil without one.
func (s *Session) accountOrOwn(ctx context.Context, name *sql.AccountName) (*wharf.Account, error) {
	if name == nil {
		return nil, nil
	}
	a, err := s.account(ctx, *name)
	return &a, err
}

func expiry(t wharf.Token) wharf.Value {
	if t.Expires.IsZero() {
		return wharf.Null()
	}
	return wharf.DateTime(t.Expires)
}

func (s *Session) dropToken(ctx context.Context, st *sql.DropToken) error {
	of, err := s.accountOrOwn(ctx, st.For)
	if err != nil {
		return err
	}
	dropped, err := s.executor.service.DropToken(ctx, s.client.Principal, of, st.Name, st.IfExists)
	if err == nil && !dropped {
		s.warn("Note", warnNoSuchTable, "There is no token %q.", st.Name)
	}
	return err
}

// showTokens has no text of a token: the server does not keep it.
func showTokens(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	of, err := s.accountOrOwn(ctx, st.Of)
	if err != nil {
		return nil, err
	}
	all, err := s.executor.service.Tokens(ctx, s.client.Principal, of)
	return rowsOf(all, func(t wharf.OwnedToken) []wharf.Value {
		return append(texts(t.Name, quotedAccount(t.Account)), wharf.DateTime(t.CreatedOn), expiry(t.Token))
	}), numbered(err)
}
