package sql

// Each stage statement prints itself in canonical form, and redacted.

// String prints the statement in canonical form.
func (s *CreateStage) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *CreateStage) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *AlterStage) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *AlterStage) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *DropStage) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *DropStage) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *DescStage) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *DescStage) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *ShowStages) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *ShowStages) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *ShowCreateStage) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *ShowCreateStage) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *ListFiles) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *ListFiles) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *RemoveFiles) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *RemoveFiles) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *CopyFiles) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *CopyFiles) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *Presign) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *Presign) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *CreateConnection) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *CreateConnection) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *DropConnection) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *DropConnection) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *DescConnection) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *DescConnection) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *ShowConnections) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *ShowConnections) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *CreateFileFormat) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *CreateFileFormat) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *DropFileFormat) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *DropFileFormat) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *DescFileFormat) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *DescFileFormat) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *ShowFileFormats) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *ShowFileFormats) Redacted() string { return redacted(s) }
