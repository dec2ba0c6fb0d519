package wharf

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Token is a secret by which an HTTP client is one user, as the catalog holds it. Its
// user has it: it ends with the user, and a new name of the user changes nothing of it.
type Token struct {
	Name      string
	Hash      TokenHash
	CreatedOn time.Time // UTC
	Expires   time.Time // UTC; the zero Time is never
}

// TokenHash is the SHA-256 of a token's text. It takes no salt and no slow function
// as a password does: the text has 260 random bits, so that neither a table nor guessing
// finds it, and a slow one would cost each request.
type TokenHash [sha256.Size]byte

// TokenPrefix begins every token, so that scanners for secrets find one that was
// published by mistake.
const TokenPrefix = "wharf_"

// The most that the catalog holds of tokens.
const (
	maxTokens    = 100 // of one user
	maxTokenLife = 100 * 365 * 24 * time.Hour
)

// NewTokenText makes the text of a token: the prefix, and 52 random characters of A to
// Z and 2 to 7.
func NewTokenText() Secret { return NewSecret(TokenPrefix + rand.Text() + rand.Text()) }

// HashToken returns the hash of what a client sent as a token.
func HashToken(text string) TokenHash { return sha256.Sum256([]byte(text)) }

// String writes the hash as 64 hexadecimal digits.
func (h TokenHash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements [encoding.TextMarshaler].
func (h TokenHash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (h *TokenHash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return Errorf(CodeInvalid, "the hash of a token has %d hexadecimal digits", hex.EncodedLen(len(h)))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// ByToken returns the user that a client at an address is by a token at a moment. ok is
// false for a token that is unknown or has expired, for a user who is locked, and for an
// address that is not of the user's host.
func (u *Users) ByToken(hash TokenHash, client netip.Addr, now time.Time) (user User, ok bool) {
	id, known := u.byToken[hash]
	if user = u.Root(); !id.IsZero() {
		user, _ = u.ByID(id)
	}
	good := false
	for _, t := range user.Tokens {
		if subtle.ConstantTimeCompare(t.Hash[:], hash[:]) == 1 {
			good = t.Expires.IsZero() || now.Before(t.Expires)
		}
	}
	h, read := parseHost(user.Host)
	return user, known && good && !user.Locked && !user.IsRole && read && h.matches(client)
}

// NewToken is a token to be made.
type NewToken struct {
	Name string
	For  *Account      // nil is the user who asks
	Life time.Duration // 0 is for ever
}

// MadeToken is a token that was made. Its text is nowhere else.
type MadeToken struct {
	Account Account
	Token
	Text Secret
}

// CreateToken makes a token of a user, which takes SUPER unless it is the user's own. A
// name that the user has given is CodeExists.
func (s *Service) CreateToken(ctx context.Context, p Principal, n NewToken) (MadeToken, error) {
	const op = "CREATE TOKEN"
	if err := checkName("token", n.Name); err != nil {
		return MadeToken{}, err
	}
	if n.Life < 0 || n.Life > maxTokenLife {
		return MadeToken{}, Errorf(CodeInvalid, "a token expires after 100 years at most")
	}
	made := MadeToken{Text: NewTokenText(), Token: Token{Name: n.Name, CreatedOn: s.now().UTC()}}
	made.Hash = HashToken(made.Text.Reveal())
	if n.Life > 0 {
		made.Expires = made.CreatedOn.Add(n.Life).Truncate(time.Second)
	}
	err := s.changeTokens(ctx, p, op, n.For, func(u *User) error {
		made.Account = u.Account
		switch {
		case hasToken(*u, n.Name):
			return Errorf(CodeExists, "%s has a token %q already; DROP TOKEN ends it", u.Account, n.Name)
		case len(u.Tokens) >= maxTokens:
			return Errorf(CodeInvalid, "%s has %d tokens; that is the most", u.Account, maxTokens)
		}
		u.Tokens = append(u.Tokens, made.Token)
		return nil
	})
	return made, err
}

func hasToken(u User, name string) bool {
	return slices.ContainsFunc(u.Tokens, func(t Token) bool { return t.Name == name })
}

// DropToken ends a token of a user, which takes SUPER unless it is the user's own. It
// reports whether there was one; without ifExists, one that is not there is CodeNotFound.
func (s *Service) DropToken(ctx context.Context, p Principal, of *Account, name string, ifExists bool) (dropped bool, err error) {
	err = s.changeTokens(ctx, p, "DROP TOKEN", of, func(u *User) error {
		if dropped = hasToken(*u, name); !dropped && !ifExists {
			return Errorf(CodeNotFound, "%s has no token %q", u.Account, name)
		}
		u.Tokens = slices.DeleteFunc(u.Tokens, func(t Token) bool { return t.Name == name })
		return nil
	})
	return dropped, err
}

// changeTokens changes the user that an account names, or the one who asks.
func (s *Service) changeTokens(ctx context.Context, p Principal, op string, of *Account, change func(*User) error) error {
	id, err := s.tokenUser(ctx, p, op, of)
	if err != nil {
		return err
	}
	_, err = s.users.UpdateUsers(ctx, func(all []User) ([]User, error) {
		at := slices.IndexFunc(all, func(u User) bool { return u.ID == id })
		switch {
		case at < 0 && id.IsZero():
			all, at = append(all, User{Account: Root.Account(), CreatedOn: s.now().UTC()}), len(all)
		case at < 0:
			return nil, Errorf(CodeNotFound, "%s: the user does not exist; it may have been dropped", op)
		}
		return all, change(&all[at])
	})
	return err
}

// tokenUser returns whose tokens are meant, and checks that p may know of them: its own,
// or with SUPER those of any user.
func (s *Service) tokenUser(ctx context.Context, p Principal, op string, of *Account) (UserID, error) {
	a, err := s.authorize(ctx, p)
	if err != nil {
		return UserID{}, err
	}
	if s.users == nil {
		return UserID{}, Errorf(CodeUnsupported, "this server keeps no users, and so no tokens")
	}
	self, err := s.AccountOf(ctx, p)
	if err != nil || of == nil || *of == self {
		return p.ID, err
	}
	if !a.IsSuper() {
		return UserID{}, because(ErrNeedsSuper, CodeDenied, "Access denied; you need the SUPER privilege for %s of another user", op)
	}
	if *of == Root.Account() {
		return UserID{}, nil
	}
	users, err := s.users.Users(ctx)
	if err != nil {
		return UserID{}, err
	}
	u, ok := users.ByAccount(*of)
	if !ok || u.IsRole {
		return UserID{}, failed(CodeNotFound, op, *of, "it is no user")
	}
	return u.ID, nil
}

// OwnedToken is a token and whose it is.
type OwnedToken struct {
	Account Account
	Token
}

// Tokens returns the tokens of a user, in order of their names, by the rule of
// CreateToken. Without a user it returns those of all users that p may know of.
func (s *Service) Tokens(ctx context.Context, p Principal, of *Account) ([]OwnedToken, error) {
	const op = "SHOW TOKENS"
	id, err := s.tokenUser(ctx, p, op, of)
	if err != nil {
		return nil, err
	}
	a, err := s.authorize(ctx, p)
	if err != nil {
		return nil, err
	}
	users, err := s.users.Users(ctx)
	if err != nil {
		return nil, err
	}
	var list []OwnedToken
	for _, u := range users.Records() {
		if u.ID != id && (of != nil || !a.IsSuper()) {
			continue
		}
		slices.SortFunc(u.Tokens, func(x, y Token) int { return strings.Compare(x.Name, y.Name) })
		for _, t := range u.Tokens {
			list = append(list, OwnedToken{u.Account, t})
		}
	}
	return list, nil
}
