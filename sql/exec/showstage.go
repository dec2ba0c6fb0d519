package exec

import (
	"context"
	"encoding/json"
	"iter"
	"strings"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

func stageColumns() []wharf.Column {
	return []wharf.Column{
		{Name: "name", Type: wharf.TypeString},
		{Name: "stage_type", Type: wharf.TypeString},
		{Name: "storage_type", Type: wharf.TypeString},
		{Name: "url", Type: wharf.TypeString, Nullable: true},
		{Name: "endpoint", Type: wharf.TypeString, Nullable: true},
		{Name: "has_credentials", Type: wharf.TypeBool},
		{Name: "has_encryption_key", Type: wharf.TypeBool},
		{Name: "storage_params", Type: wharf.TypeString},
		{Name: "file_format_options", Type: wharf.TypeString},
		{Name: "creator", Type: wharf.TypeString},
		{Name: "created_on", Type: wharf.TypeDateTime},
		{Name: "comment", Type: wharf.TypeString},
		{Name: "owner", Type: wharf.TypeString},
		{Name: "files", Type: wharf.TypeInt, Nullable: true},
		{Name: "bytes", Type: wharf.TypeInt, Nullable: true},
		{Name: "max_files", Type: wharf.TypeInt, Nullable: true},
		{Name: "max_bytes", Type: wharf.TypeInt, Nullable: true},
	}
}

func (s *Session) stageRow(ctx context.Context, st wharf.Stage) []wharf.Value {
	files, bytes := s.usage(ctx, st)
	quota := s.executor.service.QuotaOf(&st)
	owner, _ := s.executor.service.OwnerName(ctx, st.Owner) // "" if it cannot be told
	kind, storage, place := "Internal", "local", wharf.Null()
	if !st.Internal() {
		kind, place = "External", wharf.Text(st.URL)
		storage = st.Scheme()
	}
	endpoint := wharf.Null()
	if st.Connection.EndpointURL != "" {
		endpoint = wharf.Text(st.Connection.EndpointURL)
	}
	return []wharf.Value{
		wharf.Text(string(st.Name)),
		wharf.Text(kind),
		wharf.Text(storage),
		place,
		endpoint,
		wharf.Bool(st.Connection.HasCredentials()),
		wharf.Bool(false), // nothing is encrypted with a key of the stage
		wharf.Text(storageParams(st, storage)),
		wharf.Text(sql.OptionsText(st.FileFormat.Options())),
		wharf.Text(st.Creator),
		wharf.DateTime(st.CreatedOn),
		wharf.Text(st.Comment),
		wharf.Text(owner),
		files, bytes,
		limit(quota.Files), limit(quota.Bytes),
	}
}

// usage returns the files and bytes of an internal stage, or NULLs.
func (s *Session) usage(ctx context.Context, st wharf.Stage) (files, bytes wharf.Value) {
	u, known, err := s.executor.service.Usage(ctx, s.client.Principal, st)
	if !known || err != nil {
		return wharf.Null(), wharf.Null()
	}
	return wharf.Int(u.Files), wharf.Int(u.Bytes)
}

// limit returns a quota, NULL for none.
func limit(n int64) wharf.Value {
	if n == 0 {
		return wharf.Null()
	}
	return wharf.Int(n)
}

// storageParams shows the bucket and the path as the storage uses them: byte
// for byte as the URL has them, with nothing decoded.
func storageParams(st wharf.Stage, storage string) string {
	p := paramsOf(st.Connection)
	p.Type = storage
	if _, rest, ok := strings.Cut(st.URL, "://"); ok {
		bucket, path, _ := strings.Cut(rest, "/")
		p.Bucket, p.Root = bucket, "/"+path
	}
	return p.json()
}

// params tells how a storage is reached. No field of it comes from a secret
// but whether there are any.
type params struct {
	Type        string `json:"type,omitempty"`
	Bucket      string `json:"bucket,omitempty"`
	Root        string `json:"root,omitempty"`
	Endpoint    string `json:"endpoint_url,omitempty"`
	Region      string `json:"region,omitempty"`
	RoleARN     string `json:"role_arn,omitempty"`
	Virtual     bool   `json:"enable_virtual_host_style,omitempty"`
	Credentials *bool  `json:"has_credentials,omitempty"`
}

// paramsOf gives what a stage and a connection both tell there: a stage has
// columns of its own for the rest.
func paramsOf(c wharf.Connection) params {
	return params{Region: c.Region, RoleARN: c.RoleARN, Virtual: c.VirtualHostStyle}
}

// json writes '&', '<' and '>' as they are, which json.Marshal would not.
func (p params) json() string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if e.Encode(p) != nil {
		return "{}" // strings and bools can always be encoded
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func (s *Session) showStages(st *sql.ShowStages) plan {
	return definitions(stageColumns(), s.executor.service.Stages, s, st.Like, s.stageRow)
}

// definitions is a plan that streams a row for each definition whose name, the
// row's first value, is like the pattern, if there is one.
func definitions[T any](columns []wharf.Column, list func(context.Context, wharf.Principal) (iter.Seq2[T, error], error), s *Session,
	like *string, row func(context.Context, T) []wharf.Value) plan {
	return plan{columns: columns, run: func(ctx context.Context) (Result, error) {
		all, err := list(ctx, s.client.Principal)
		if err != nil {
			return Result{}, err
		}
		matches := eval.LikeNames(like)
		return Result{Rows: &wharf.Rows{Columns: columns, All: func(yield func([]wharf.Value, error) bool) {
			for item, err := range all {
				if err != nil {
					yield(nil, err)
					return
				}
				if r := row(ctx, item); matches(r[0].Str()) && !yield(r, nil) {
					return
				}
			}
		}}}, nil
	}}
}

// withoutContext makes of a row that needs no context one for definitions.
func withoutContext[T any](row func(T) []wharf.Value) func(context.Context, T) []wharf.Value {
	return func(_ context.Context, item T) []wharf.Value { return row(item) }
}

// findStage looks a stage up by the name in a statement.
func (s *Session) findStage(ctx context.Context, text string) (wharf.Stage, error) {
	name, err := wharf.ParseStageName(text)
	if err != nil {
		return wharf.Stage{}, err
	}
	stage, err := s.executor.service.Stage(ctx, s.client.Principal, name)
	stage.Name = name // a user's own stage is "~" to its user
	return stage, err
}

func (s *Session) descStage(st *sql.DescStage) plan {
	return s.answer(stageColumns(), func(ctx context.Context) ([][]wharf.Value, error) {
		stage, err := s.findStage(ctx, st.Name)
		if err != nil {
			return nil, err
		}
		return [][]wharf.Value{s.stageRow(ctx, stage)}, nil
	})
}

func (s *Session) showCreateStage(st *sql.ShowCreateStage) plan {
	columns := []wharf.Column{{Name: "Stage", Type: wharf.TypeString}, {Name: "Create Stage", Type: wharf.TypeString}}
	return s.answer(columns, func(ctx context.Context) ([][]wharf.Value, error) {
		stage, err := s.findStage(ctx, st.Name)
		if err != nil {
			return nil, err
		}
		return [][]wharf.Value{{wharf.Text(string(stage.Name)), wharf.Text(createText(stage))}}, nil
	})
}

// createText is the statement that makes the stage again, but for its
// secrets: the comment at its end names those that are to be filled in.
func createText(stage wharf.Stage) string {
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	c := &sql.CreateStage{Name: string(stage.Name), StageSettings: sql.StageSettings{
		URL: text(stage.URL), Comment: text(stage.Comment),
		FileFormat: stage.FileFormat.Options(), CopyOptions: stage.CopyOptions.Options(),
	}}
	if n := stage.Quota.Files; n != 0 {
		c.MaxFiles = &n
	}
	if n := stage.Quota.Bytes; n != 0 {
		c.MaxBytes = &n
	}
	var hidden []string
	add := func(name, value string) {
		if value != "" {
			c.Connection = append(c.Connection, wharf.Option{Name: name, Kind: wharf.OptionString, Value: value})
		}
	}
	hide := func(name string, s wharf.Secret) {
		if !s.IsZero() {
			hidden = append(hidden, name)
		}
	}
	conn := stage.Connection
	add("ENDPOINT_URL", conn.EndpointURL)
	add("REGION", conn.Region)
	hide("ACCESS_KEY_ID", conn.AccessKeyID)
	hide("SECRET_ACCESS_KEY", conn.SecretAccessKey)
	hide("SESSION_TOKEN", conn.SessionToken)
	if conn.VirtualHostStyle {
		add("ENABLE_VIRTUAL_HOST_STYLE", "true")
	}
	add("ROLE_ARN", conn.RoleARN)
	hide("EXTERNAL_ID", conn.ExternalID)
	if len(hidden) == 0 {
		return c.String()
	}
	return c.String() + " /* not shown: " + strings.Join(hidden, ", ") + " */"
}
