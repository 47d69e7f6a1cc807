package directory

// Waiting returns how many intents wait for the next transaction.
func (c *Corp) Waiting() int {
	c.pool.Lock()
	defer c.pool.Unlock()
	return len(c.pool.waiting)
}

// Limits that tests have to reach.
const (
	MaxGroup    = maxGroup
	MaxWaiting  = maxWaiting
	ReloadAfter = reloadAfter
	MaxGather   = maxGather
	AheadLen    = aheadLen
)
