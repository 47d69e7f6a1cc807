package rollcall

// Order is an order of a department's members (contract D8).
type Order uint8

// The orders of order_field.
const (
	OrderCustom Order = iota // the administrator's order, then by pinyin
	OrderEntryAsc
	OrderEntryDesc
	OrderModifyAsc
	OrderModifyDesc
)

// OrderNames lists the wire names of the orders; the index is the [Order].
func OrderNames() []string {
	return []string{"custom", "entry_asc", "entry_desc", "modify_asc", "modify_desc"}
}

// String returns the wire name.
func (o Order) String() string { return OrderNames()[o] }

// Orders lists all orders.
func Orders() []Order {
	return []Order{OrderCustom, OrderEntryAsc, OrderEntryDesc, OrderModifyAsc, OrderModifyDesc}
}
