package node

import (
	"context"
	"fmt"

	"rollcall"
	"rollcall/internal/activity"
)

// Retain forgets, in every organization, the sign-ins that its settings do not
// keep any longer, and returns how many days that were. It loads none.
func (n *Node) Retain(ctx context.Context) (days int, err error) {
	now := n.opt.Clock()
	err = n.EachCorp(ctx, func(c rollcall.Corp) error {
		calendar, err := c.Calendar()
		if err != nil {
			return fmt.Errorf("the days of organization %s: %w", c.ID, err)
		}
		oldest := activity.Oldest(c.Settings, calendar, now)
		if oldest == 0 {
			return nil
		}
		var k int
		if o, held := n.Org(c.ID); held {
			k, err = o.Activity.Retain(ctx, oldest)
		} else {
			k, err = n.opt.Store.DropSignIns(ctx, c.ID, oldest)
		}
		days += k
		return err
	})
	return days, err
}
