package wharf

import (
	"context"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ParseConnection validates what CONNECTION = (…) or CREDENTIALS = (…) says.
// Each setting may be written in any of its spellings, in any case, and once
// only. An unknown setting, a repeated one, an empty or unfit value, and half
// a pair (a key without its secret) are [CodeInvalid]. Messages name settings
// and never hold a value: any of them may be a secret in the wrong place.
//
// CONNECTION_NAME is not among them: see [Service.ReadConnection].
func ParseConnection(options []Option) (Connection, error) {
	var c Connection
	seen := map[string]string{}
	for _, o := range options {
		set, ok := connectionSetting(o.Name)
		if !ok {
			return Connection{}, Errorf(CodeInvalid, "CONNECTION: there is no setting %s%s; the settings are %s",
				strings.ToLower(printable(o.Name)), DidYouMean(o.Name, connectionNames()), strings.Join(connectionNames(), ", "))
		}
		if first, again := seen[set.names[0]]; again {
			if strings.EqualFold(first, o.Name) {
				return Connection{}, Errorf(CodeInvalid, "CONNECTION: %s is given twice", strings.ToLower(o.Name))
			}
			return Connection{}, Errorf(CodeInvalid, "CONNECTION: %s and %s are two names of one setting; give one of them",
				strings.ToLower(first), strings.ToLower(o.Name))
		}
		seen[set.names[0]] = o.Name
		if o.Kind == OptionList || o.Value == "" || len(o.Value) > maxConnectionValue || !isPlain(o.Value) || !set.set(&c, o.Value) {
			return Connection{}, Errorf(CodeInvalid, "CONNECTION: the value of %s is not right; it takes %s", strings.ToLower(o.Name), set.want)
		}
	}
	if err := c.check(); err != nil {
		return Connection{}, err
	}
	return c, nil
}

// maxConnectionValue bounds one value; session tokens are the longest, at
// some 2 KiB.
const maxConnectionValue = 8 << 10

// check reports whether the settings make sense together.
func (c Connection) check() error {
	lacks := func(what, other string) error {
		return Errorf(CodeInvalid, "CONNECTION: %s needs %s beside it", what, other)
	}
	switch {
	case !c.AccessKeyID.IsZero() && c.SecretAccessKey.IsZero():
		return lacks("access_key_id", "secret_access_key")
	case c.AccessKeyID.IsZero() && !c.SecretAccessKey.IsZero():
		return lacks("secret_access_key", "access_key_id")
	case c.AccessKeyID.IsZero() && !c.SessionToken.IsZero():
		return lacks("session_token", "access_key_id and secret_access_key")
	case c.RoleARN == "" && !c.ExternalID.IsZero():
		return lacks("external_id", "role_arn")
	case c.EndpointURL != "":
		// setEndpoint has parsed it.
		if u, err := url.Parse(c.EndpointURL); err != nil || !ValidPort(u) {
			return Errorf(CodeInvalid, "CONNECTION: the port of endpoint_url is out of range; ports are 1 to 65535")
		}
	}
	return nil
}

// ValidPort reports whether the URL has no port or one from 1 to 65535, which
// url.Parse does not check.
func ValidPort(u *url.URL) bool {
	if u.Port() == "" {
		return true
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n > 0
}

// connSetting is one setting of a connection: its spellings, the usual one
// first, what it takes, and how it is set. set
// reports whether the value is valid.
type connSetting struct {
	names []string
	want  string
	set   func(*Connection, string) bool
}

func connectionSettings() []connSetting {
	secret := func(field func(*Connection) *Secret) func(*Connection, string) bool {
		return func(c *Connection, v string) bool { *field(c) = NewSecret(v); return true }
	}
	return []connSetting{
		{[]string{"endpoint_url", "endpoint"}, "a URL such as 'https://host:port', without a user, a query or a fragment", setEndpoint},
		{[]string{"region"}, "the name of a region, such as 'us-east-1'", setRegion},
		{[]string{"access_key_id", "aws_key_id"}, "a quoted text", secret(func(c *Connection) *Secret { return &c.AccessKeyID })},
		{[]string{"secret_access_key", "aws_secret_key"}, "a quoted text", secret(func(c *Connection) *Secret { return &c.SecretAccessKey })},
		{[]string{"session_token", "security_token", "aws_token"}, "a quoted text", secret(func(c *Connection) *Secret { return &c.SessionToken })},
		{[]string{"enable_virtual_host_style"}, "true or false", setVirtualHost},
		{[]string{"role_arn", "aws_role_arn"}, "the ARN of a role, such as 'arn:aws:iam::123456789012:role/name'", setRole},
		{[]string{"external_id", "aws_external_id"}, "a quoted text", secret(func(c *Connection) *Secret { return &c.ExternalID })},
	}
}

func connectionSetting(name string) (connSetting, bool) {
	lower := strings.ToLower(name)
	all := connectionSettings()
	i := slices.IndexFunc(all, func(s connSetting) bool { return slices.Contains(s.names, lower) })
	if i < 0 {
		return connSetting{}, false
	}
	return all[i], true
}

func connectionNames() []string {
	var names []string
	for _, s := range connectionSettings() {
		names = append(names, s.names...)
	}
	return names
}

func setEndpoint(c *Connection, v string) bool {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	c.EndpointURL = v
	return true
}

func setRegion(c *Connection, v string) bool {
	odd := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }
	c.Region = strings.ToLower(v)
	return strings.IndexFunc(c.Region, odd) < 0
}

func setVirtualHost(c *Connection, v string) bool {
	on, err := strconv.ParseBool(strings.ToLower(v))
	c.VirtualHostStyle = on
	return err == nil
}

func setRole(c *Connection, v string) bool {
	c.RoleARN = v
	return strings.HasPrefix(v, "arn:")
}

// isPlain reports whether a value is text without control characters, which no
// header and no URL could carry.
func isPlain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// printable keeps a name fit for a message.
func printable(name string) string {
	if len(name) > 64 || !isPlain(name) {
		return "of that name"
	}
	return name
}

// ConnectionName is the validated name of a named connection. Names are
// case-sensitive.
type ConnectionName string

// ParseConnectionName validates a name by the rules of a stage's, [CodeInvalid]
// otherwise.
func ParseConnectionName(s string) (ConnectionName, error) {
	if err := checkName("connection name", s); err != nil {
		return "", err
	}
	return ConnectionName(s), nil
}

// NamedConnection is how to reach a storage, under a name: CONNECTION =
// (CONNECTION_NAME = '…') copies it into a stage.
type NamedConnection struct {
	Name        ConnectionName
	StorageType string // the scheme of the URLs that it is for: "s3"
	Connection  Connection
	Creator     string
	CreatedOn   time.Time // UTC
	Owner       UserID
	Granted     []Granted // each user or role at most once
}

// Clone returns a copy that shares nothing that can be changed.
func (c NamedConnection) Clone() NamedConnection {
	c.Granted = slices.Clone(c.Granted)
	return c
}

// storageTypes are the schemes that take a connection.
func storageTypes() []string { return []string{"s3"} }

// ParseNamedConnection validates what CREATE CONNECTION says: STORAGE_TYPE and
// the settings of [ParseConnection]. What is wrong is [CodeInvalid].
func ParseNamedConnection(options []Option) (NamedConnection, error) {
	var c NamedConnection
	i := slices.IndexFunc(options, func(o Option) bool { return strings.EqualFold(o.Name, "STORAGE_TYPE") })
	if i < 0 {
		return c, Errorf(CodeInvalid, "CONNECTION needs STORAGE_TYPE = 's3'")
	}
	c.StorageType = strings.ToLower(options[i].Value)
	if options[i].Kind == OptionList || !slices.Contains(storageTypes(), c.StorageType) {
		return c, Errorf(CodeInvalid, "CONNECTION: the value of storage_type is not right; it takes 's3'")
	}
	if j := slices.IndexFunc(options[i+1:], func(o Option) bool { return strings.EqualFold(o.Name, "STORAGE_TYPE") }); j >= 0 {
		return c, Errorf(CodeInvalid, "CONNECTION: storage_type is given twice")
	}
	var err error
	c.Connection, err = ParseConnection(slices.Concat(options[:i], options[i+1:]))
	return c, err
}

// CreateConnection makes a named connection from def, whose Creator and
// CreatedOn it fills. It reports whether it was made; only CreateIfNotExists
// leaves an existing one and returns false. A taken name is CodeExists.
func (s *Service) CreateConnection(ctx context.Context, p Principal, def NamedConnection, mode CreateMode) (bool, error) {
	a, err := s.mayCreate(ctx, p, "connection")
	if err != nil {
		return false, err
	}
	if mode == CreateOrReplace {
		if err := s.withdraw(ctx, a, def.Name); err != nil {
			return false, err
		}
	}
	def.Creator, def.Owner, def.Granted, def.CreatedOn = p.User, p.ID, nil, s.now().UTC()
	_, created, err := s.catalog.CreateConnection(ctx, def, mode, replaceConnection(a))
	return created, err
}

// DropConnection removes a named connection. The stages that were made with
// it keep what they copied, and those that may not use it then never use that again. With ifExists, it reports whether there was one;
// without, an unknown name is CodeNotFound.
func (s *Service) DropConnection(ctx context.Context, p Principal, name ConnectionName, ifExists bool) (bool, error) {
	a, err := s.authorize(ctx, p)
	if err != nil {
		return false, err
	}
	if err := s.withdraw(ctx, a, name); err != nil {
		return false, err
	}
	return existed(s.catalog.DropConnection(ctx, name, ownConnection(a)), ifExists)
}

// ReadConnection reads what CONNECTION = (…) or CREDENTIALS = (…) says: the
// settings of [ParseConnection], or CONNECTION_NAME alone, which copies those of
// a named connection, with its name. Like all messages about that clause, those here hold no
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
	named.Connection.Name = named.Name
	return named.Connection, err
}

// Connection returns the connection of that name.
func (s *Service) Connection(ctx context.Context, p Principal, name ConnectionName) (NamedConnection, error) {
	a, err := s.authorize(ctx, p)
	if err != nil {
		return NamedConnection{}, err
	}
	c, err := s.catalog.Connection(ctx, name)
	if err == nil {
		err = requireConnection(a, c, PrivilegeUsage)
	}
	if err != nil {
		return NamedConnection{}, err
	}
	return c, nil
}

// Connections streams all named connections in byte order of name.
func (s *Service) Connections(ctx context.Context, p Principal) (iter.Seq2[NamedConnection, error], error) {
	a, err := s.authorize(ctx, p)
	if err != nil {
		return nil, err
	}
	all := paged(ctx, s.catalog.Connections, func(c NamedConnection) ConnectionName { return c.Name })
	return func(yield func(NamedConnection, error) bool) {
		for c, err := range all {
			if (err != nil || a.Connection(c) != 0) && !yield(c, err) {
				return
			}
		}
	}, nil
}
