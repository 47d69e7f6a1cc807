package rollcall

import "context"

// Head is the newest committed state of an organization, in numbers.
type Head struct {
	CorpID string
	// Version counts committed transactions of changes; 0 before the first.
	Version uint64
	// Feed counts committed batches of sign-ins.
	Feed uint64
	// Batch is the id of the last committed batch, by which a writer whose
	// connection broke at commit finds out whether its batch is there.
	Batch string
}

// Store keeps organizations durably. What it promises:
//
//   - A commit that returned nil survives the death of the process and of the
//     machine.
//   - Transactions of one organization happen one after the other; each sees
//     all that was committed before it.
//   - Strings keep their exact bytes and compare by them.
//
// Every method may be called concurrently. Errors are wrapped with what was
// being done; the sentinels of this package mean what they say.
type Store interface {
	// Heads returns the heads of the organizations with these ids or, without
	// any, of all, by corp id. An id that there is not is left out, and one that
	// is given twice comes once. It is cheap: followers call it several times a
	// second.
	Heads(ctx context.Context, only ...string) ([]Head, error)
	// Passed tells whether the history of an organization leads through a head that
	// it had. It does not where another machine took the place of the one that said
	// so and lacks the last commits. The last 1,000 heads at least are remembered;
	// of an older one the answer is no.
	Passed(ctx context.Context, h Head) (bool, error)
	// CreateCorp adds an organization at version 0, with nothing in it but the
	// root department, which gets the organization's name. An id that is taken
	// is [ErrCorpExists].
	CreateCorp(ctx context.Context, c Corp) error
	// Load reads one consistent snapshot of an organization into s and returns
	// its head. An unknown id is [ErrNoCorp].
	Load(ctx context.Context, corpID string, s Snapshot) (Head, error)
	// Changes calls fn for every change after a version, in order, and returns
	// the head up to which it read.
	Changes(ctx context.Context, corpID string, after uint64, fn func(Change) error) (Head, error)
	// Begin starts a transaction and locks the organization's head for it. It
	// waits for its turn until ctx ends.
	Begin(ctx context.Context, corpID string) (Tx, error)
	// Dump reads a whole organization into to, in the order of [Copy], and
	// returns its head. All of it is one state, also beside writers: what Load,
	// Changes, SignInChunks and LoadTokens tell one after the other is not, as a
	// person who is erased in between is gone from the log and not from the rows
	// that were read before. An unknown id is [ErrNoCorp].
	Dump(ctx context.Context, corpID string, to Copy) (Head, error)
	// Restore starts to put a whole organization in, which does not exist yet: an
	// id that is taken is [ErrCorpExists]. Only the waiting for the turn ends with
	// ctx. Where somebody else makes the same organization meanwhile, the first to
	// commit has it, and the other gets the error at Commit at the latest.
	Restore(ctx context.Context, corpID string) (Restorer, error)
	SignIns
	Tokens
	// Rewrite writes the files of the store anew, so that nothing that was
	// replaced or deleted before is in them any more, not even where they are
	// free. Nobody else writes meanwhile; it takes as long as reading and
	// writing everything, and room for everything once more.
	Rewrite(ctx context.Context) error
	// Close waits for running calls and releases everything.
	Close() error
}

// Snapshot receives an organization's state. Departments come first, by id, then
// people by ascending ordinal, then what is over, role groups and roles by id,
// and apps by appkey. Values passed by pointer are reused after the call returns;
// strings may be kept.
type Snapshot interface {
	Corp(c *Corp) error
	// Dept is called for deleted departments too; ended is then the instant of
	// the deletion, else [Open].
	Dept(d *Dept, ended Instant) error
	// User is called for everyone who ever belonged; those who left have an
	// ended Stay and no memberships.
	User(u *User) error
	// EndedStay, EndedMembership and EndedParent report belongings that are
	// over, apart from the last stay that User reports, in the order in which
	// they were recorded.
	EndedStay(o Ordinal, s Stay) error
	EndedMembership(o Ordinal, d DeptID, s Stay) error
	EndedParent(d, parent DeptID, s Stay) error
	// RoleGroup is called for deleted groups too, and Role, after the groups,
	// for deleted roles; who holds a role is said with the people.
	RoleGroup(g *RoleGroup, deleted bool) error
	Role(r *Role, deleted bool) error
	App(a *App) error
}

// Copy receives everything that a store keeps of an organization: its state,
// then the change log in order, with the versions, then the sign-ins by day and
// chunk, then the tokens by appkey, kind and nonce.
type Copy interface {
	Snapshot
	Change(c *Change) error
	SignInChunk(d Day, chunk uint32, bits []byte) error
	Token(t *Token) error
}

// Restorer puts a whole organization into a store, in one transaction and in the
// order of [Copy]. Nobody sees anything of it before Commit. After an error only
// Rollback is possible. It keeps nothing of what it is given by pointer.
//
// It believes what it is told: that the log leads to the state is the business of
// the caller. Rows that belong to nothing, and keys that are taken (of kind
// [KindConflict]), are errors, at Commit at the latest.
type Restorer interface {
	Copy
	// Commit makes the organization exist, durably, at exactly that head. The
	// version is that of the last change, 0 without any; all days of sign-ins
	// belong to the feed, which is not 0 where there are any. [Tx.Committed] knows
	// the head's batch, and none before it.
	Commit(h Head) error
	// Rollback drops everything; after Commit it does nothing.
	Rollback()
}

// Tx is one write transaction on one organization.
type Tx interface {
	// Head is the locked head.
	Head() Head
	// Changes is [Store.Changes] within the transaction.
	Changes(after uint64, fn func(Change) error) error
	// Append writes changes to the log, with the version after the head's, and
	// carries them out on the tables. It may be called several times; all
	// changes of the transaction get the same version.
	Append(changes []Change) error
	// SignInChunk returns the stored bits of one day and chunk, nil where
	// there are none. A chunk covers 65,536 ordinals; what the bytes mean is
	// the business of the caller.
	SignInChunk(d Day, chunk uint32) ([]byte, error)
	// PutSignInChunk replaces them; the day then belongs to the next feed.
	PutSignInChunk(d Day, chunk uint32, bits []byte) error
	// Commit makes everything durable, under a batch id of the caller's. When
	// it fails, the batch may be there nevertheless: [Tx.Committed] of a later
	// transaction tells.
	Commit(batch string) (Head, error)
	// Committed tells whether an earlier transaction committed a batch, and the
	// head that it made. Begin has waited for the transactions before, so that
	// the answer is final. The last 1,000 batches of an organization at least
	// are remembered.
	Committed(batch string) (h Head, ok bool, err error)
	// Rollback drops everything; after Commit it does nothing.
	Rollback()
}

// SignIns reads recorded sign-ins, and forgets old ones.
type SignIns interface {
	// SignInChunks calls fn for every chunk of every day that belongs to a feed
	// after the one given, by day and chunk, and returns the head up to which
	// it read.
	SignInChunks(ctx context.Context, corpID string, after uint64, fn func(d Day, chunk uint32, bits []byte) error) (Head, error)
	// DropSignIns forgets all days before one and returns how many there were.
	// It moves no feed: who has read the days forgets them by the same rule.
	DropSignIns(ctx context.Context, corpID string, before Day) (days int, err error)
}

// Tokens keeps what access tokens are made from.
type Tokens interface {
	// LoadTokens returns the tokens of an organization, by appkey, kind and
	// nonce.
	LoadTokens(ctx context.Context, corpID string) ([]Token, error)
	// SaveToken stores a token of an app and returns the one that counts, which
	// is durable then. One with the same nonce is replaced, and the later of
	// both expiries stays. Of the app's tokens of its kind no more than keep
	// stay: this one and those that expire last.
	//
	// Where keep is 1 and the app has another token of the kind, of the same
	// SecretGeneration or a later one, that expires after now, nothing is stored
	// and that one is returned: another node was first.
	SaveToken(ctx context.Context, corpID string, t Token, keep int, now Instant) (Token, error)
}
