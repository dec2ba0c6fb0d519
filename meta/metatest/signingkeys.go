package metatest

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"wharf"
)

// RunSigningKeys runs the cases of [wharf.SigningKeys] as subtests of t. The
// function returns fresh, empty ones.
func RunSigningKeys(t *testing.T, fresh func(t *testing.T) wharf.SigningKeys) {
	for name, run := range map[string]func(t *testing.T, k wharf.SigningKeys){
		"signing-keys":          testSigningKeys,
		"signing-keys-refused":  testSigningKeysRefused,
		"signing-keys-contexts": testSigningKeysContexts,
		"signing-keys-race":     testSigningKeysRace,
	} {
		t.Run(name, func(t *testing.T) { run(t, fresh(t)) })
	}
}

// SigningKey returns a key of that ID, older by as many hours.
func SigningKey(id string, hours int) wharf.SigningKey {
	return wharf.SigningKey{
		ID: id, Secret: wharf.NewSecret("the secret of " + id + "\x00\xff"),
		CreatedOn: time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC).Add(time.Duration(-hours) * time.Hour),
	}
}

func wantKeys(t *testing.T, k wharf.SigningKeys, want ...wharf.SigningKey) {
	t.Helper()
	got, err := k.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("the keys are %+v, want %+v", got, want)
	}
}

// replace makes the keys those.
func replace(t *testing.T, k wharf.SigningKeys, keys ...wharf.SigningKey) []wharf.SigningKey {
	t.Helper()
	after, err := k.UpdateSigningKeys(t.Context(), func([]wharf.SigningKey) []wharf.SigningKey { return keys })
	if err != nil {
		t.Fatal(err)
	}
	return after
}

func testSigningKeys(t *testing.T, k wharf.SigningKeys) {
	wantKeys(t, k)
	old, young, youngest := SigningKey("b", 3), SigningKey("c", 2), SigningKey("a", 1)
	elsewhere := young
	elsewhere.CreatedOn = young.CreatedOn.In(time.FixedZone("east", 3600))
	if after := replace(t, k, old, elsewhere); !reflect.DeepEqual(after, []wharf.SigningKey{young, old}) {
		t.Errorf("update gives %+v", after)
	}
	wantKeys(t, k, young, old)
	after, err := k.UpdateSigningKeys(t.Context(), func(now []wharf.SigningKey) []wharf.SigningKey {
		if !reflect.DeepEqual(now, []wharf.SigningKey{young, old}) {
			t.Errorf("change is told %+v", now)
		}
		now[0] = youngest // a copy, so that nobody else sees it
		return []wharf.SigningKey{young, youngest}
	})
	if err != nil || !reflect.DeepEqual(after, []wharf.SigningKey{youngest, young}) {
		t.Errorf("update gives %+v, %v", after, err)
	}
	wantKeys(t, k, youngest, young)
	after[0] = old
	wantKeys(t, k, youngest, young)
	replace(t, k)
	wantKeys(t, k)
}

func testSigningKeysRefused(t *testing.T, k wharf.SigningKeys) {
	good := SigningKey("a", 0)
	replace(t, k, good)
	noSecret, noID := SigningKey("b", 0), SigningKey("", 0)
	noSecret.Secret = wharf.Secret{}
	for what, keys := range map[string][]wharf.SigningKey{
		"two of one ID": {SigningKey("b", 1), SigningKey("b", 0)}, "no secret": {noSecret}, "no ID": {noID},
	} {
		_, err := k.UpdateSigningKeys(t.Context(), func([]wharf.SigningKey) []wharf.SigningKey { return keys })
		wantCode(t, what, err, wharf.CodeInternal)
		wantKeys(t, k, good)
	}
}

func testSigningKeysContexts(t *testing.T, k wharf.SigningKeys) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := k.SigningKeys(ctx)
	wantCode(t, "the keys after the context", err, wharf.CodeCanceled)
	_, err = k.UpdateSigningKeys(ctx, func(k []wharf.SigningKey) []wharf.SigningKey { return append(k, SigningKey("a", 0)) })
	wantCode(t, "an update after the context", err, wharf.CodeCanceled)
	wantKeys(t, k)
}

// testSigningKeysRace has many add a key each, and one where there is none.
func testSigningKeysRace(t *testing.T, k wharf.SigningKeys) {
	const many = 16
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			_, err := k.UpdateSigningKeys(t.Context(), func(now []wharf.SigningKey) []wharf.SigningKey {
				return append(now, SigningKey(fmt.Sprint(i), len(now)))
			})
			if err != nil {
				t.Error(err)
			}
			if _, err := k.SigningKeys(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := k.SigningKeys(t.Context())
	if err != nil || len(got) != many {
		t.Fatalf("%d keys are there, %v", len(got), err)
	}
	for i, key := range got {
		if want := SigningKey("", i).CreatedOn; !key.CreatedOn.Equal(want) {
			t.Errorf("key %d is of %s, want %s", i, key.CreatedOn, want)
		}
	}
}
