package memory

import (
	"context"
	"errors"
	"slices"

	"wharf"
)

// SigningKeys implements [wharf.SigningKeys].
func (c *Catalog) SigningKeys(ctx context.Context) ([]wharf.SigningKey, error) {
	unlock, err := c.lock(ctx, "memory.SigningKeys")
	if err != nil {
		return nil, err
	}
	defer unlock()
	return slices.Clone(c.signing), nil
}

// UpdateSigningKeys implements [wharf.SigningKeys].
func (c *Catalog) UpdateSigningKeys(ctx context.Context, change func([]wharf.SigningKey) []wharf.SigningKey) ([]wharf.SigningKey, error) {
	const op = "memory.UpdateSigningKeys"
	unlock, err := c.lock(ctx, op)
	if err != nil {
		return nil, err
	}
	defer unlock()
	next := slices.Clone(change(slices.Clone(c.signing)))
	ids := map[string]bool{}
	for i, key := range next {
		if key.ID == "" || ids[key.ID] || key.Secret.IsZero() {
			return nil, wrap(op, errors.New("a signing key needs an ID of its own and a secret"))
		}
		ids[key.ID] = true
		next[i].CreatedOn = key.CreatedOn.UTC()
	}
	slices.SortStableFunc(next, func(a, b wharf.SigningKey) int { return b.CreatedOn.Compare(a.CreatedOn) })
	c.signing = next
	return slices.Clone(next), nil
}
