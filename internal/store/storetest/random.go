package storetest

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"rollcall"

	"pgregory.net/rapid"
)

// randomChanges commits random transactions to two organizations and compares
// everything with the naive model after each.
func randomChanges(f *fixture) {
	run := 0
	rapid.Check(f.T, func(rt *rapid.T) {
		run++
		w := &world{f: f, rt: rt, now: day}
		for i := range 2 {
			c := aCorp(fmt.Sprintf("corp-%d-%d", run, i))
			if err := f.store.CreateCorp(f.Context(), c); err != nil {
				rt.Fatal(err)
			}
			w.corps, w.models = append(w.corps, c), append(w.models, newModel(c))
		}
		for range rapid.IntRange(1, 8).Draw(rt, "transactions") {
			w.transaction(rapid.IntRange(0, 1).Draw(rt, "corp"))
			w.check()
		}
	})
}

type world struct {
	f      *fixture
	rt     *rapid.T
	corps  []rollcall.Corp
	models []*model
	now    rollcall.Instant
}

// transaction makes one on the i-th organization.
func (w *world) transaction(i int) {
	// The changes are made up against a copy, change by change.
	m := w.models[i]
	trial := m.replay(w.corps[i])
	var changes []rollcall.Change
	for range rapid.IntRange(0, 10).Draw(w.rt, "changes") {
		c := w.change(trial)
		trial.apply(c)
		changes = append(changes, c)
	}
	chunks := map[chunkKey][]byte{}
	for range max(0, rapid.IntRange(-3, 3).Draw(w.rt, "chunks")) {
		k := chunkKey{rollcall.Day(20260801 + rapid.IntRange(0, 2).Draw(w.rt, "day")), uint32(rapid.IntRange(0, 2).Draw(w.rt, "chunk"))}
		chunks[k] = rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(w.rt, "bits")
	}

	tx, err := w.f.store.Begin(w.f.Context(), m.head.CorpID)
	if err != nil {
		w.rt.Fatal(err)
	}
	defer tx.Rollback()
	part := rapid.IntRange(0, len(changes)).Draw(w.rt, "first part")
	for _, list := range [][]rollcall.Change{changes[:part], changes[part:]} {
		if err := tx.Append(list); err != nil {
			w.rt.Fatal(err)
		}
	}
	for k, bits := range chunks {
		if err := tx.PutSignInChunk(k.day, k.chunk, bits); err != nil {
			w.rt.Fatal(err)
		}
	}
	if rapid.IntRange(0, 9).Draw(w.rt, "rollback") == 0 {
		return
	}
	batch := w.text("batch")
	head, err := tx.Commit(batch)
	if err != nil {
		w.rt.Fatal(err)
	}
	m.commit(batch, changes)
	m.put(batch, chunks)
	w.equal("the head after commit", m.head, head)

	if len(m.apps) > 0 && w.bool("token") {
		t := rollcall.Token{
			Appkey: w.pickApp(m), Kind: rapid.SampledFrom([]rollcall.TokenKind{rollcall.AppToken, rollcall.CorpToken}).Draw(w.rt, "kind"),
			SecretGeneration: rapid.IntRange(1, 3).Draw(w.rt, "generation"),
			Nonce:            []byte(w.text("nonce")), ExpiresAt: w.instant("expires"), Hash: []byte{1},
		}
		keep, now := rapid.IntRange(1, 3).Draw(w.rt, "keep"), w.instant("now")
		got, err := w.f.store.SaveToken(w.f.Context(), m.head.CorpID, t, keep, now)
		if err != nil {
			w.rt.Fatal(err)
		}
		w.equal("the token that counts", m.save(t, keep, now), got)
	}
}

// check compares everything.
func (w *world) check() {
	ctx, s := w.f.Context(), w.f.store
	heads, err := s.Heads(ctx)
	if err != nil {
		w.rt.Fatal(err)
	}
	for _, m := range w.models {
		if !slices.Contains(heads, m.head) {
			w.rt.Fatalf("head %+v is not among the heads", m.head)
		}
		got, err := loadState(ctx, s, m.head.CorpID)
		if err != nil {
			w.rt.Fatal(err)
		}
		w.equal("the state", m.state(), got)

		after := rapid.Uint64Range(0, m.head.Version+1).Draw(w.rt, "after")
		list, _, err := readChanges(ctx, s, m.head.CorpID, after)
		if err != nil {
			w.rt.Fatal(err)
		}
		w.equal("the log", m.logAfter(after), list)

		after = rapid.Uint64Range(0, m.head.Feed+1).Draw(w.rt, "after feed")
		chunks, _, err := readChunks(ctx, s, m.head.CorpID, after)
		if err != nil {
			w.rt.Fatal(err)
		}
		if want := m.chunksAfter(after); !sameChunks(want, chunks) {
			w.rt.Fatalf("sign-ins after feed %d: %v, not %v", after, chunks, want)
		}

		tokens, err := s.LoadTokens(ctx, m.head.CorpID)
		if err != nil {
			w.rt.Fatal(err)
		}
		w.equal("the tokens", m.tokens, tokens)
	}
}

func (w *world) equal(what string, want, got any) {
	if d := diff(want, got); d != "" {
		w.rt.Fatalf("%s is not as expected (- wanted, + got):\n%s", what, d)
	}
}

// change makes up one that is valid in the state of m.
func (w *world) change(m *model) rollcall.Change {
	// Time goes on, or stands still.
	w.now += rollcall.Instant(rapid.IntRange(0, 3).Draw(w.rt, "time"))
	possible := map[rollcall.Kind]func(*model) rollcall.Change{
		rollcall.CorpUpdated: w.updateCorp,
		rollcall.DeptCreated: w.createDept,
		rollcall.DeptUpdated: w.updateDept,
		rollcall.UserJoined:  w.join,
		rollcall.AppCreated:  w.createApp,
	}
	if len(m.users) > 0 {
		possible[rollcall.UserUpdated] = w.updateUser
		possible[rollcall.UserActivated] = func(m *model) rollcall.Change {
			return userChange(rollcall.UserActivated, w.now, w.pickUser(m), rollcall.Payload{})
		}
	}
	if len(m.emptyDepts()) > 0 {
		possible[rollcall.DeptDeleted] = func(m *model) rollcall.Change {
			return deptChange(rollcall.DeptDeleted, w.now, rapid.SampledFrom(m.emptyDepts()).Draw(w.rt, "dept"), rollcall.Payload{})
		}
	}
	if len(m.loosePeople()) > 0 {
		possible[rollcall.UserLeft] = func(m *model) rollcall.Change {
			return userChange(rollcall.UserLeft, w.now, rapid.SampledFrom(m.loosePeople()).Draw(w.rt, "user"), rollcall.Payload{})
		}
	}
	if len(m.leavers()) > 0 {
		possible[rollcall.UserErased] = func(m *model) rollcall.Change {
			o := rapid.SampledFrom(m.leavers()).Draw(w.rt, "user")
			u := &rollcall.User{UserID: fmt.Sprintf("%s/%d", w.text("userid"), o)}
			return userChange(rollcall.UserErased, w.now, o, rollcall.Payload{User: u})
		}
	}
	if len(m.freeSeats()) > 0 {
		possible[rollcall.MemberAdded] = w.addMember
	}
	if len(m.members) > 0 {
		possible[rollcall.MemberUpdated] = w.updateMember
		possible[rollcall.MemberRemoved] = func(m *model) rollcall.Change {
			k := w.pickMember(m)
			return memberChange(rollcall.MemberRemoved, w.now, k.ordinal, k.dept, rollcall.Payload{})
		}
	}
	if len(m.apps) > 0 {
		possible[rollcall.AppUpdated] = w.updateApp
		possible[rollcall.AppSecretReset] = w.resetSecret
		possible[rollcall.AppDeleted] = func(m *model) rollcall.Change {
			key := w.pickApp(m)
			return change(rollcall.AppDeleted, w.now, rollcall.Payload{App: &rollcall.App{Appkey: key}})
		}
	}
	maps.Copy(possible, w.roleChanges(m))
	kinds := slices.Sorted(maps.Keys(possible))
	c := possible[rapid.SampledFrom(kinds).Draw(w.rt, "kind")](m)
	c.By = w.text("by")
	return c
}

func (w *world) updateCorp(*model) rollcall.Change {
	u := &rollcall.CorpUpdate{Name: w.maybeText("name")}
	if w.bool("settings") {
		u.Settings = &rollcall.Settings{
			ErrmsgLanguage: rollcall.Chinese, Timezone: w.text("timezone"),
			ClosingHour: rapid.IntRange(0, 23).Draw(w.rt, "hour"), Subdepartments: w.bool("subdepartments"),
		}
	}
	return change(rollcall.CorpUpdated, w.now, rollcall.Payload{Corp: u})
}

func (w *world) createDept(m *model) rollcall.Change {
	// A new one or, now and then, one that was deleted.
	id := rollcall.DeptID(len(m.depts) + 1)
	for _, d := range m.sortedDepts() {
		if d.Ended != rollcall.Open && w.bool("revive") {
			id = d.ID
		}
	}
	d := &rollcall.Dept{
		ID: id, ParentID: w.pickDept(m), Name: w.text("name"), NameEN: w.text("name_en"), Order: w.number("order"),
		SourceIdentifier: w.text("source"), Brief: w.text("brief"), Since: w.instant("since"), CreatedAt: w.now, ModifiedAt: w.now,
		Options: maybe(w, "options", w.options),
	}
	return deptChange(rollcall.DeptCreated, w.now, id, rollcall.Payload{Dept: d})
}

func (w *world) updateDept(m *model) rollcall.Change {
	u := &rollcall.DeptUpdate{
		Name: w.maybeText("name"), NameEN: w.maybeText("name_en"), Order: w.maybeNumber("order"),
		SourceIdentifier: w.maybeText("source"), Brief: w.maybeText("brief"), Options: maybe(w, "options", w.options),
	}
	id := w.pickDept(m)
	if id != rollcall.RootDept && w.bool("move") {
		u.ParentID = ptr(w.pickDept(m)) // a ring is none of the store's business
	}
	before := m.depts[id].Dept
	undo := u.Apply(&before)
	return deptChange(rollcall.DeptUpdated, w.now, id, rollcall.Payload{DeptUpdate: u, DeptBefore: &undo})
}

func (w *world) join(m *model) rollcall.Change {
	// A new person or, now and then, one who left.
	o := rollcall.Ordinal(len(m.users))
	userid := fmt.Sprintf("%s/%d", w.text("userid"), o)
	for _, known := range slices.Sorted(maps.Keys(m.users)) {
		if u := m.users[known]; !u.Present() && w.bool("come back") {
			o, userid = known, u.UserID
		}
	}
	u := &rollcall.User{
		Ordinal: o, UserID: userid, Name: w.text("name"), NameEN: w.text("name_en"), Active: w.bool("active"),
		AccessLimited: w.bool("limited"), Mobile: w.text("mobile"), Email: w.text("email"), Title: w.text("title"),
		JobNumber: w.text("job"), HiredDate: w.instant("hired"), Extension: w.text("extension"),
		Stay: rollcall.Stay{From: w.instant("joined"), To: rollcall.Open}, CreatedAt: w.now, ModifiedAt: w.now,
	}
	if w.bool("details") {
		u.Details = w.details("details")
	}
	return userChange(rollcall.UserJoined, w.now, o, rollcall.Payload{User: u})
}

func (w *world) updateUser(m *model) rollcall.Change {
	u := &rollcall.UserUpdate{
		Name: w.maybeText("name"), NameEN: w.maybeText("name_en"), Active: w.maybeBool("active"),
		AccessLimited: w.maybeBool("limited"), Mobile: w.maybeText("mobile"), Email: w.maybeText("email"),
		Title: w.maybeText("title"), JobNumber: w.maybeText("job"), Extension: w.maybeText("extension"),
		Details: maybe(w, "details", w.details),
	}
	if w.bool("hired") {
		u.HiredDate = ptr(w.instant("hired"))
	}
	if w.bool("joined") {
		u.Joined = ptr(w.instant("joined"))
	}
	o := w.pickUser(m)
	before := *m.users[o]
	undo := u.Apply(&before)
	return userChange(rollcall.UserUpdated, w.now, o, rollcall.Payload{UserUpdate: u, UserBefore: &undo})
}

func (w *world) details(string) rollcall.Details {
	d := rollcall.Details{
		UnionID: w.text("unionid"), Telephone: w.text("telephone"), OrgEmail: w.text("org email"), OrgEmailType: w.text("its type"),
		WorkPlace: w.text("place"), Remark: w.text("remark"), Avatar: w.text("avatar"), Gender: w.text("gender"),
		LoginID: w.text("login"), ExclusiveType: w.text("exclusive type"), Exclusive: w.bool("exclusive"), HideMobile: w.bool("hide"),
		Senior: w.bool("senior"), Boss: w.bool("boss"), Admin: rapid.Uint8Max(2).Draw(w.rt, "admin"),
		AdminDepts: w.deptIDs("admin depts"),
	}
	if w.bool("manager") {
		d.Manager = ptr(rollcall.Ordinal(rapid.Uint32().Draw(w.rt, "manager")))
	}
	return d
}

func (w *world) options(string) rollcall.DeptOptions {
	o := rollcall.DeptOptions{
		Hidden: w.bool("hidden"), PermitDepts: w.deptIDs("permitted"), PermitUsers: w.ordinals("permitted"), Outer: w.bool("outer"),
		OuterSelf: w.bool("self"), OuterDepts: w.deptIDs("shown"), OuterUsers: w.ordinals("shown"), CreateGroup: w.bool("group"),
		AutoAddUser: w.bool("add"), AutoApprove: w.bool("approve"), GroupSub: w.bool("sub"), GroupOuter: w.bool("outer ones"),
		GroupHidden: w.bool("hidden ones"), Code: w.text("code"), Telephone: w.text("telephone"), Extension: w.text("extension"),
	}
	if w.bool("owner") {
		o.GroupOwner = ptr(rollcall.Ordinal(rapid.Uint32().Draw(w.rt, "owner")))
	}
	return o
}

func (w *world) deptIDs(what string) []rollcall.DeptID {
	return rapid.SliceOfN(rapid.Map(rapid.Int64Range(1, 1<<62), func(n int64) rollcall.DeptID { return rollcall.DeptID(n) }), 0, 3).Draw(w.rt, what)
}

func (w *world) ordinals(what string) []rollcall.Ordinal {
	return rapid.SliceOfN(rapid.Map(rapid.Uint32(), func(n uint32) rollcall.Ordinal { return rollcall.Ordinal(n) }), 0, 3).Draw(w.rt, what)
}

func (w *world) addMember(m *model) rollcall.Change {
	k := rapid.SampledFrom(m.freeSeats()).Draw(w.rt, "seat")
	member := &rollcall.Membership{
		DeptID: k.dept, Order: w.number("order"), Ordered: w.bool("ordered"), Leader: w.bool("leader"),
		Title: w.text("title"), Main: w.bool("main"), WorkPlace: w.text("place"),
		Entered: w.instant("entered"), Modified: w.instant("modified"),
	}
	return memberChange(rollcall.MemberAdded, w.now, k.ordinal, k.dept, rollcall.Payload{Member: member})
}

func (w *world) updateMember(m *model) rollcall.Change {
	u := &rollcall.MembershipUpdate{
		Order: w.maybeNumber("order"), Ordered: w.maybeBool("ordered"), Leader: w.maybeBool("leader"), Title: w.maybeText("title"),
		Main: w.maybeBool("main"), WorkPlace: w.maybeText("place"),
	}
	if w.bool("entered") {
		u.Entered = ptr(w.instant("entered"))
	}
	k := w.pickMember(m)
	before := *m.members[k]
	undo := u.Apply(&before)
	return memberChange(rollcall.MemberUpdated, w.now, k.ordinal, k.dept, rollcall.Payload{MemberUpdate: u, MemberBefore: &undo})
}

func (w *world) createApp(m *model) rollcall.Change {
	key := fmt.Sprintf("%s-%d-%s", m.head.CorpID, len(m.log)+len(m.apps), w.text("key"))
	for _, taken := m.apps[key]; taken; _, taken = m.apps[key] {
		key += "+"
	}
	return change(rollcall.AppCreated, w.now, rollcall.Payload{App: &rollcall.App{
		Appkey: key, Name: w.text("name"), Type: rollcall.Internal, SecretHash: w.text("hash"), SecretGeneration: 1, CreatedAt: w.now,
		Permissions: rapid.SliceOf(rapid.SampledFrom(rollcall.Permissions())).Draw(w.rt, "permissions"),
		ScopeDepts:  rapid.SliceOf(rapid.SampledFrom([]rollcall.DeptID{1, 2, 3})).Draw(w.rt, "scope"),
		Rate:        rapid.IntRange(0, 5).Draw(w.rt, "rate"), AnyTicket: w.bool("any ticket"), SecretSealed: w.text("sealed"),
	}})
}

func (w *world) updateApp(m *model) rollcall.Change {
	a := m.apps[w.pickApp(m)]
	before := a
	a.Name, a.Rate, a.AnyTicket = w.text("name"), rapid.IntRange(0, 5).Draw(w.rt, "rate"), w.bool("any ticket")
	a.TicketGeneration += rapid.IntRange(0, 1).Draw(w.rt, "ticket")
	a.ScopeDepts = rapid.SliceOf(rapid.SampledFrom([]rollcall.DeptID{1, 2, 3})).Draw(w.rt, "scope")
	a.ScopeUsers = rapid.SliceOf(rapid.SampledFrom(oddStrings[:10])).Draw(w.rt, "people")
	a.AllowedIPs = nil
	if w.bool("addresses") {
		a.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::/0")}
	}
	a.SecretHash = w.text("hash") // does not count
	return change(rollcall.AppUpdated, w.now, rollcall.Payload{App: &a, AppBefore: &before})
}

func (w *world) resetSecret(m *model) rollcall.Change {
	a := m.apps[w.pickApp(m)]
	a.SecretHash, a.SecretSealed, a.SecretGeneration = w.text("hash"), w.text("sealed"), a.SecretGeneration+1
	return change(rollcall.AppSecretReset, w.now, rollcall.Payload{App: &a})
}

// What there is to choose from in a model.

func (m *model) sortedDepts() (list []*deptState) {
	for _, id := range slices.Sorted(maps.Keys(m.depts)) {
		list = append(list, m.depts[id])
	}
	return list
}

// emptyDepts lists what can be deleted.
func (m *model) emptyDepts() (ids []rollcall.DeptID) {
	used := map[rollcall.DeptID]bool{rollcall.RootDept: true}
	for k := range m.members {
		used[k.dept] = true
	}
	for _, d := range m.depts {
		if d.Ended == rollcall.Open {
			used[d.ParentID] = true
		}
	}
	for _, d := range m.sortedDepts() {
		if d.Ended == rollcall.Open && !used[d.ID] {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// loosePeople lists who can leave.
func (m *model) loosePeople() (list []rollcall.Ordinal) {
	for _, o := range slices.Sorted(maps.Keys(m.users)) {
		if m.users[o].Present() && len(m.users[o].Roles) == 0 && !slices.ContainsFunc(slices.Collect(maps.Keys(m.members)), func(k membershipKey) bool { return k.ordinal == o }) {
			list = append(list, o)
		}
	}
	return list
}

// leavers lists who can be erased.
func (m *model) leavers() (list []rollcall.Ordinal) {
	for _, o := range slices.Sorted(maps.Keys(m.users)) {
		if !m.users[o].Present() {
			list = append(list, o)
		}
	}
	return list
}

// freeSeats lists who can enter which department.
func (m *model) freeSeats() (list []membershipKey) {
	for _, o := range slices.Sorted(maps.Keys(m.users)) {
		for _, d := range m.sortedDepts() {
			if k := (membershipKey{o, d.ID}); m.users[o].Present() && d.Ended == rollcall.Open && m.members[k] == nil {
				list = append(list, k)
			}
		}
	}
	return list
}

func (w *world) pickDept(m *model) rollcall.DeptID {
	var ids []rollcall.DeptID
	for _, d := range m.sortedDepts() {
		if d.Ended == rollcall.Open {
			ids = append(ids, d.ID)
		}
	}
	return rapid.SampledFrom(ids).Draw(w.rt, "dept")
}

func (w *world) pickUser(m *model) rollcall.Ordinal {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(m.users))).Draw(w.rt, "user")
}

func (w *world) pickMember(m *model) membershipKey {
	keys := slices.SortedFunc(maps.Keys(m.members), func(a, b membershipKey) int {
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	return rapid.SampledFrom(keys).Draw(w.rt, "membership")
}

func (w *world) pickApp(m *model) string {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(m.apps))).Draw(w.rt, "app")
}

func (w *world) bool(what string) bool    { return rapid.Bool().Draw(w.rt, what) }
func (w *world) number(what string) int64 { return rapid.Int64().Draw(w.rt, what) }

func (w *world) instant(what string) rollcall.Instant {
	return rapid.SampledFrom([]rollcall.Instant{rollcall.Beginning, w.now, w.now - 5, w.now + 5}).Draw(w.rt, what)
}

func (w *world) text(what string) string {
	if w.bool(what + " is odd") {
		return rapid.SampledFrom(oddStrings[:len(oddStrings)-1]).Draw(w.rt, what)
	}
	return strings.ReplaceAll(rapid.StringN(0, 8, -1).Draw(w.rt, what), "\x00", "")
}

func (w *world) maybeText(what string) *string  { return maybe(w, what, w.text) }
func (w *world) maybeBool(what string) *bool    { return maybe(w, what, w.bool) }
func (w *world) maybeNumber(what string) *int64 { return maybe(w, what, w.number) }

func maybe[T any](w *world, what string, draw func(string) T) *T {
	if !w.bool(what + " is given") {
		return nil
	}
	v := draw(what)
	return &v
}
