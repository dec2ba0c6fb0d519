package memory

import (
	"context"
	"errors"
	"fmt"

	"wharf"
)

// Users implements [wharf.UserCatalog].
func (c *Catalog) Users(ctx context.Context) (*wharf.Users, error) {
	unlock, err := c.lock(ctx, "memory.Users")
	if err != nil {
		return nil, err
	}
	defer unlock()
	return c.users, nil
}

// UpdateUsers implements [wharf.UserCatalog].
func (c *Catalog) UpdateUsers(ctx context.Context, change func([]wharf.User) ([]wharf.User, error)) (*wharf.Users, error) {
	const op = "memory.UpdateUsers"
	unlock, err := c.lock(ctx, op)
	if err != nil {
		return nil, err
	}
	defer unlock()
	next, err := change(c.users.Records())
	if err != nil {
		return nil, wrap(op, err)
	}
	ids, names := map[wharf.UserID]bool{}, map[wharf.Account]bool{}
	for i, u := range next {
		if u.Nameless() || ids[u.ID] || names[u.Account] {
			return nil, wrap(op, errors.New("a user needs an ID and an account of its own"))
		}
		words := []string{u.User, u.Host, u.Plugin}
		for i, t := range u.Tokens {
			words = append(words, t.Name)
			u.Tokens[i].CreatedOn, u.Tokens[i].Expires = t.CreatedOn.UTC(), t.Expires.UTC()
		}
		if err := checkText(words); err != nil {
			return nil, fmt.Errorf("user: %w", err)
		}
		ids[u.ID], names[u.Account] = true, true
		next[i].CreatedOn = u.CreatedOn.UTC()
	}
	for _, u := range c.users.All() {
		if own, found := c.stages[u.ID.OwnStage()]; found && !ids[u.ID] {
			c.drop(own)
		}
	}
	c.users = wharf.NewUsers(next)
	return c.users, nil
}
