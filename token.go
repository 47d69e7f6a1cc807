package rollcall

// TokenKind says what an access token is for. Its value is stored and must
// never be given another meaning.
type TokenKind string

// The kinds of tokens.
const (
	// AppToken is the one token of an app, the same as long as it is asked for.
	AppToken TokenKind = "app"
	// CorpToken is one of the tokens with which a third-party app calls for the
	// organization that authorized it.
	CorpToken TokenKind = "corp"
	// SuiteToken is the one token that stands for a third-party app itself; it
	// opens no organization.
	SuiteToken TokenKind = "suite"
)

// Token is what the store keeps of an app's access token: enough to make the
// token again with the outside key, and of no use without it.
type Token struct {
	Appkey           string
	Kind             TokenKind
	SecretGeneration int
	Nonce            []byte
	ExpiresAt        Instant
	// Hash is the SHA-256 of the token; it shows a wrong outside key.
	Hash []byte
}
