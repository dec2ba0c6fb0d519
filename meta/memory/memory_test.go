package memory_test

import (
	"testing"

	"wharf"
	"wharf/meta/memory"
	"wharf/meta/metatest"
)

func TestCatalog(t *testing.T) {
	metatest.Run(t, func(*testing.T) wharf.Catalog { return memory.New() })
	metatest.RunSigningKeys(t, func(*testing.T) wharf.SigningKeys { return memory.New() })
	metatest.RunUsers(t, func(*testing.T) wharf.UserCatalog { return memory.New() })
}
