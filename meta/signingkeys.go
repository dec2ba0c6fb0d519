package meta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

var _ wharf.SigningKeys = (*Catalog)(nil)

// signingKeyRecord is a key that signs grants as it is stored, under its ID.
type signingKeyRecord struct {
	CreatedOn time.Time `json:"created_on"`
	Secret    []byte    `json:"secret"`
}

func signingKeyIdentity(id string) identity {
	return identity{kind: "signing key", id: id, field: "Secret"}
}

// SigningKeys implements [wharf.SigningKeys].
func (c *Catalog) SigningKeys(ctx context.Context) ([]wharf.SigningKey, error) {
	var all []wharf.SigningKey
	err := c.view(ctx, "meta.SigningKeys", func(tx *bolt.Tx) (err error) {
		all, err = c.signingKeys(tx)
		return err
	})
	return all, err
}

// UpdateSigningKeys implements [wharf.SigningKeys].
func (c *Catalog) UpdateSigningKeys(ctx context.Context, change func([]wharf.SigningKey) []wharf.SigningKey) ([]wharf.SigningKey, error) {
	var after []wharf.SigningKey
	err := c.update(ctx, "meta.UpdateSigningKeys", func(tx *bolt.Tx) error {
		before, err := c.signingKeys(tx)
		if err != nil {
			return err
		}
		next := change(slices.Clone(before))
		for _, key := range before {
			if err := tx.Bucket([]byte(bucketSigning)).Delete([]byte(key.ID)); err != nil {
				return err
			}
		}
		for _, key := range next {
			if err := c.addSigningKey(tx, key); err != nil {
				return err
			}
		}
		after, err = c.signingKeys(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

func (c *Catalog) addSigningKey(tx *bolt.Tx, key wharf.SigningKey) error {
	if key.ID == "" || len(key.ID) > wharf.MaxStageName || key.Secret.IsZero() {
		return errors.New("a signing key without ID or secret")
	}
	if tx.Bucket([]byte(bucketSigning)).Get([]byte(key.ID)) != nil {
		return fmt.Errorf("two signing keys have the ID %q", key.ID)
	}
	payload, err := json.Marshal(signingKeyRecord{
		CreatedOn: key.CreatedOn.UTC(),
		Secret:    c.seal.seal(signingKeyIdentity(key.ID), key.Secret.Reveal()),
	})
	if err != nil {
		return err
	}
	return putRecord(tx, bucketSigning, []byte(key.ID), payload)
}

// signingKeys returns all keys, the newest first.
func (c *Catalog) signingKeys(tx *bolt.Tx) ([]wharf.SigningKey, error) {
	var all []wharf.SigningKey
	err := tx.Bucket([]byte(bucketSigning)).ForEach(func(id, _ []byte) error {
		key, err := c.signingKey(tx, string(id))
		all = append(all, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b wharf.SigningKey) int { return b.CreatedOn.Compare(a.CreatedOn) })
	return all, nil
}

func (c *Catalog) signingKey(tx *bolt.Tx, id string) (wharf.SigningKey, error) {
	payload, err := record(tx, bucketSigning, []byte(id))
	if err != nil {
		return wharf.SigningKey{}, err
	}
	var r signingKeyRecord
	if err := decodeJSON(payload, &r); err != nil {
		return wharf.SigningKey{}, fmt.Errorf("signing key %q: %w", id, err)
	}
	secret, err := c.seal.open(signingKeyIdentity(id), r.Secret)
	if err != nil {
		return wharf.SigningKey{}, fmt.Errorf("signing key %q: %w", id, err)
	}
	return wharf.SigningKey{ID: id, Secret: wharf.NewSecret(secret), CreatedOn: r.CreatedOn}, nil
}
