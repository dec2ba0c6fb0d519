package meta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

var _ wharf.UserCatalog = (*Catalog)(nil)

// userRecord is a user or role, or root, as it is stored, under its ID, the hashes of
// passwords sealed.
type userRecord struct {
	User           string        `json:"user"`
	Host           string        `json:"host"`
	IsRole         bool          `json:"role,omitempty"`
	Locked         bool          `json:"locked,omitempty"`
	Plugin         string        `json:"plugin,omitempty"`
	Hash           []byte        `json:"hash,omitempty"`
	CreatedOn      time.Time     `json:"created_on"`
	Global         []string      `json:"global,omitempty"`
	Roles          []ownerRecord `json:"roles,omitempty"`
	Default        []ownerRecord `json:"default_roles,omitempty"`
	DefaultAll     bool          `json:"default_all,omitempty"`
	Tokens         []tokenRecord `json:"tokens,omitempty"`
	Applied        []byte        `json:"applied,omitempty"`
	MaxConnections int           `json:"max_connections,omitempty"`
}

// tokenRecord is a token as it is stored: its hash is no secret.
type tokenRecord struct {
	Name      string          `json:"name"`
	Hash      wharf.TokenHash `json:"hash"`
	CreatedOn time.Time       `json:"created_on"`
	Expires   time.Time       `json:"expires,omitzero"`
}

func userIdentity(id wharf.UserID, field string) identity {
	return identity{kind: "user", id: string(id[:]), field: field}
}

// Users implements [wharf.UserCatalog].
func (c *Catalog) Users(ctx context.Context) (*wharf.Users, error) {
	if err := c.ready(ctx); err != nil {
		return nil, translate("meta.Users", err)
	}
	if kept := c.users.Load(); kept != nil {
		return kept, nil
	}
	var users *wharf.Users
	err := c.view(ctx, "meta.Users", func(tx *bolt.Tx) error {
		list, err := c.readUsers(tx)
		users = wharf.NewUsers(list)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.users.CompareAndSwap(nil, users) // an UpdateUsers meanwhile has kept later ones
	return users, nil
}

// UpdateUsers implements [wharf.UserCatalog].
func (c *Catalog) UpdateUsers(ctx context.Context, change func([]wharf.User) ([]wharf.User, error)) (*wharf.Users, error) {
	var after *wharf.Users
	err := c.update(ctx, "meta.UpdateUsers", func(tx *bolt.Tx) error {
		before, err := c.readUsers(tx)
		if err != nil {
			return err
		}
		next, err := change(before)
		if err != nil {
			return err
		}
		if err := c.writeUsers(tx, next); err != nil {
			return err
		}
		list, err := c.readUsers(tx)
		after = wharf.NewUsers(list)
		tx.OnCommit(func() { c.users.Store(after) }) // no other transaction writes until update has returned
		return err
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

// writeUsers makes the bucket hold those users, and touches only what differs. It drops
// the own stage of each who goes.
func (c *Catalog) writeUsers(tx *bolt.Tx, list []wharf.User) error {
	bucket, err := tx.CreateBucketIfNotExists([]byte(bucketUsers))
	if err != nil {
		return err
	}
	stale := map[string]bool{}
	each(tx, bucketUsers, func(key []byte) { stale[string(key)] = true })
	ids, names := map[wharf.UserID]bool{}, map[wharf.Account]bool{}
	for _, u := range list {
		if u.Nameless() || ids[u.ID] || names[u.Account] {
			return errors.New("a user needs an ID and an account of its own")
		}
		ids[u.ID], names[u.Account] = true, true
		delete(stale, string(u.ID[:]))
		if err := c.putUser(tx, u); err != nil {
			return err
		}
	}
	for key := range stale {
		if err := bucket.Delete([]byte(key)); err != nil {
			return err
		}
		own, found, err := c.byName(tx, wharf.UserID([]byte(key)).OwnStage())
		if err == nil && found {
			err = c.drop(tx, own)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mayOwn refuses the own stage of a user who is not there: nobody could reach it.
func (c *Catalog) mayOwn(tx *bolt.Tx, name wharf.StageName) error {
	id, ok := name.OwnerByName()
	if !ok {
		return nil
	}
	var payload []byte
	var err error
	if tx.Bucket([]byte(bucketUsers)) != nil {
		payload, err = record(tx, bucketUsers, id[:])
	}
	if err == nil && payload == nil {
		err = wharf.Errorf(wharf.CodeUnauthenticated, "the user does not exist; it may have been dropped")
	}
	return err
}

// putUser stores a user unless it is stored so already. A hash that did not change
// is not sealed again, so that the record can be compared.
func (c *Catalog) putUser(tx *bolt.Tx, u wharf.User) error {
	old, err := record(tx, bucketUsers, u.ID[:])
	if err != nil {
		return err
	}
	var kept userRecord
	if old != nil {
		present, err := c.decodeUser(u.ID, old)
		if err != nil {
			return err
		}
		var r userRecord
		if err := decodeJSON(old, &r); err != nil {
			return err
		}
		if present.Hash == u.Hash {
			kept.Hash = r.Hash
		}
		if present.Applied == u.Applied {
			kept.Applied = r.Applied
		}
	}
	payload, err := c.encodeUser(u, kept)
	if err != nil || bytes.Equal(payload, old) {
		return err
	}
	return putRecord(tx, bucketUsers, u.ID[:], payload)
}

// encodeUser returns the record of a user, with the sealed values of kept where it has
// them.
func (c *Catalog) encodeUser(u wharf.User, kept userRecord) ([]byte, error) {
	seal := func(field string, kept []byte, value wharf.Secret) []byte {
		if kept == nil && !value.IsZero() {
			return c.seal.seal(userIdentity(u.ID, field), value.Reveal())
		}
		return kept
	}
	r := userRecord{
		User: u.User, Host: u.Host, IsRole: u.IsRole, Locked: u.Locked, Plugin: u.Plugin, Hash: seal("Hash", kept.Hash, u.Hash),
		CreatedOn: u.CreatedOn.UTC(), Global: u.Global.Names(), DefaultAll: u.DefaultAll, Applied: seal("Applied", kept.Applied, u.Applied),
		MaxConnections: u.MaxConnections,
	}
	for _, id := range u.Roles {
		r.Roles = append(r.Roles, ownerRecord(id))
	}
	for _, id := range u.Default {
		r.Default = append(r.Default, ownerRecord(id))
	}
	names := []string{u.User, u.Host, u.Plugin}
	for _, t := range u.Tokens {
		r.Tokens = append(r.Tokens, tokenRecord{t.Name, t.Hash, t.CreatedOn.UTC(), t.Expires.UTC()})
		names = append(names, t.Name)
	}
	if !valid(names...) {
		return nil, wharf.Errorf(wharf.CodeInvalid, "the name of a user or token is not valid UTF-8")
	}
	return json.Marshal(r)
}

func (c *Catalog) decodeUser(id wharf.UserID, payload []byte) (wharf.User, error) {
	var r userRecord
	if err := decodeJSON(payload, &r); err != nil {
		return wharf.User{}, fmt.Errorf("user %s: %w", id, err)
	}
	global, err := decodePrivileges(r.Global)
	if err != nil {
		return wharf.User{}, fmt.Errorf("user %s: %w", id, err)
	}
	u := wharf.User{
		ID: id, Account: wharf.Account{User: r.User, Host: r.Host}, IsRole: r.IsRole, Locked: r.Locked, Plugin: r.Plugin,
		CreatedOn: r.CreatedOn, Global: global, DefaultAll: r.DefaultAll,
		MaxConnections: r.MaxConnections,
	}
	for _, id := range r.Roles {
		u.Roles = append(u.Roles, wharf.UserID(id))
	}
	for _, id := range r.Default {
		u.Default = append(u.Default, wharf.UserID(id))
	}
	for _, t := range r.Tokens {
		u.Tokens = append(u.Tokens, wharf.Token(t))
	}
	for field, value := range map[string]struct {
		sealed []byte
		secret *wharf.Secret
	}{"Hash": {r.Hash, &u.Hash}, "Applied": {r.Applied, &u.Applied}} {
		if value.sealed == nil {
			continue
		}
		text, err := c.seal.open(userIdentity(id, field), value.sealed)
		if err != nil {
			return wharf.User{}, fmt.Errorf("user %s: %w", id, err)
		}
		*value.secret = wharf.NewSecret(text)
	}
	return u, nil
}

// readUsers returns all users. A catalog of before there were users has no bucket
// for them.
func (c *Catalog) readUsers(tx *bolt.Tx) ([]wharf.User, error) {
	bucket := tx.Bucket([]byte(bucketUsers))
	if bucket == nil {
		return nil, nil
	}
	var list []wharf.User
	err := bucket.ForEach(func(key, _ []byte) error {
		if len(key) != len(wharf.UserID{}) {
			return fmt.Errorf("the ID of a user has %d bytes", len(key))
		}
		u, err := c.userAt(tx, wharf.UserID(key))
		list = append(list, u)
		return err
	})
	return list, err
}

func (c *Catalog) userAt(tx *bolt.Tx, id wharf.UserID) (wharf.User, error) {
	payload, err := record(tx, bucketUsers, id[:])
	if err != nil {
		return wharf.User{}, err
	}
	return c.decodeUser(id, payload)
}
