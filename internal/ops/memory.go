package ops

import "runtime/debug"

const (
	// headroom is how much garbage may pile up before it is collected.
	headroom = 56 << 20
	// perPerson is about what a person takes in memory.
	perPerson = 300
)

// KeepHeadroom sets how often garbage is collected by how many people are held:
// a small organization has room enough, and in a large one the room stays small
// beside what it holds, which is free of pointers and costs little to pass over.
func KeepHeadroom(people int) {
	const own = 4 << 20 // the program itself
	percent := 100 * headroom / (own + perPerson*people)
	debug.SetGCPercent(max(15, min(400, percent)))
}

// ReturnMemory gives back to the machine what is not in use, such as what
// loading needed.
func ReturnMemory() { debug.FreeOSMemory() }

// mostSeldom is how large the input of a job may be for its garbage to be collected
// seldom. What an import makes of its files takes thirty times their size.
const mostSeldom = 32 << 20

// CollectSeldom is for a job that keeps nearly all that it makes until its end, such as
// an import: collecting garbage on the way finds little and costs a tenth of the time.
// input is how many bytes the job is made from; where they are many nothing is changed.
// The function that it returns sets things back.
func CollectSeldom(input int64) (back func()) {
	if input > mostSeldom {
		return func() {}
	}
	before := debug.SetGCPercent(800)
	return func() { debug.SetGCPercent(before) }
}
