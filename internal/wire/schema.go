package wire

import (
	"errors"
	"fmt"
)

// SchemaType is the type of a JSON value in a reply.
type SchemaType uint8

// The types of values. Absent is that of the zero [Schema]: nothing at all.
const (
	Absent SchemaType = iota
	BooleanType
	IntegerType
	TextType
	ListType
	ObjectType
	MapType
)

// Schema describes a JSON value in a reply exactly: an object has the members
// that are named and no others. [Endpoint.Result] is one; the documents are
// made of it, and the tests hold every reply against it.
//
// A Schema is put together from [Boolean], [Integer], [Text], [OneOf], [List],
// [Map], [Object] and [Beside].
type Schema struct {
	Type    SchemaType
	Of      *Schema  // what a list or a map holds
	Members []Member // of an object, in the order in which they go out
	Words   []string // the only texts that a TextType takes; any where there are none
	// Beside says that the members of an object stand beside errcode and
	// errmsg although the endpoint is one of [TOP].
	Beside bool
	// Example is a value for people to see, as JSON; a plain one of the type
	// where it is empty.
	Example string
}

// Member is a member of an object.
type Member struct {
	Name string
	Of   Schema
	// Doc tells people what the member means.
	Doc string
	// When says in what case the member is there, as in "only when has_more is
	// true"; empty for a member that is there always.
	When string
}

// The simple schemas, immutable.
var (
	Boolean = Schema{Type: BooleanType}
	Integer = Schema{Type: IntegerType} // a whole number
	Text    = Schema{Type: TextType}
)

// OneOf is a text that is one of a few words.
func OneOf(words ...string) Schema { return Schema{Type: TextType, Words: words} }

// List is an array of values of one kind, which may be empty and is never null.
func List(of Schema) Schema { return Schema{Type: ListType, Of: &of} }

// Map is an object whose names are data, with values of one kind.
func Map(of Schema) Schema { return Schema{Type: MapType, Of: &of} }

// Object is an object with just these members.
func Object(members ...Member) Schema { return Schema{Type: ObjectType, Members: members} }

// Beside is the Result of those few [TOP] endpoints that have no result: the
// members stand beside errcode and errmsg. Serve appends the members alone,
// without braces, and they go out before errcode.
func Beside(members ...Member) Schema {
	return Schema{Type: ObjectType, Members: members, Beside: true}
}

// Prop is a member that is there always.
func Prop(name string, of Schema, doc string) Member { return Member{Name: name, Of: of, Doc: doc} }

// Optional is a member that is there in some cases: when says in which, as in
// "only when has_more is true".
func Optional(name string, of Schema, when, doc string) Member {
	return Member{Name: name, Of: of, Doc: doc, When: when}
}

// Like returns the schema with an example, which is given as JSON.
func (s Schema) Like(json string) Schema {
	s.Example = json
	return s
}

// check finds mistakes in a schema that is the result of an endpoint.
func (s *Schema) checkResult(f Family) error {
	switch {
	case s.Type == Absent:
		return nil
	case s.Beside && f != TOP:
		return errors.New("result: the members stand beside errcode anyway")
	case f != TOP && s.Type != ObjectType:
		return errors.New("result: the members beside errcode are wanted, as an object")
	}
	if s.Beside || f == Classic {
		for _, m := range s.Members {
			if m.Name == "errcode" || m.Name == "errmsg" || m.Name == "request_id" {
				return fmt.Errorf("result: the member %s belongs to the envelope", m.Name)
			}
		}
	}
	return s.check("result")
}

// check finds mistakes in a schema that stands at a place.
func (s *Schema) check(place string) error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf(place+": "+format, args...))
	}
	switch s.Type {
	case Absent:
		wrong("it has no type")
	case ListType, MapType:
		if s.Of == nil {
			wrong("a list or a map of nothing")
			break
		}
		errs = append(errs, s.Of.check(place+"[]"))
	}
	if s.Beside && place != "result" {
		wrong("only a whole result can stand beside errcode")
	}
	seen := map[string]bool{}
	for i := range s.Members {
		m := &s.Members[i]
		if m.Name == "" || m.Doc == "" || seen[m.Name] {
			wrong("the member %q has no name, no text or is there twice", m.Name)
		}
		seen[m.Name] = true
		errs = append(errs, m.Of.check(place+"."+m.Name))
	}
	return errors.Join(errs...)
}
