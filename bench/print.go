package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// line is one figure with what it is held against.
type line struct {
	Case string
	What string
	Unit string
	// Values are those of the rounds; Base those of the baseline, where there
	// is one. Ratios are of the same rounds.
	Values   []float64
	Baseline string    `json:",omitempty"`
	Base     []float64 `json:",omitempty"`
	Ratios   []float64 `json:",omitempty"`
	// Goal is in words; Met says whether the median keeps it.
	Goal string `json:",omitempty"`
	Met  *bool  `json:",omitempty"`
	Note string `json:",omitempty"`
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// against holds figures against a baseline of the same rounds; the median of
// the ratios may be most at most. A most of 0 is no goal.
func against(l line, base []float64, most float64) line {
	l.Base = base
	for i := range min(len(l.Values), len(base)) {
		l.Ratios = append(l.Ratios, l.Values[i]/base[i])
	}
	if most > 0 {
		l.Goal = fmt.Sprintf("≤ %.2f", most)
		l.met(median(l.Ratios) <= most)
	}
	return l
}

// atMost gives figures a goal of their own.
func atMost(l line, most float64) line {
	l.Goal = fmt.Sprintf("≤ %s %s", number(most), l.Unit)
	l.met(median(l.Values) <= most)
	return l
}

// atLeast is [against] for what should be many: the median of the ratios must be
// least at least.
func atLeast(l line, base []float64, least float64) line {
	l = against(l, base, 0)
	l.Goal = fmt.Sprintf("≥ %s", number(least))
	l.met(median(l.Ratios) >= least)
	return l
}

// notRun says why there is no figure.
func (b *bench) notRun(name, what string, why error) {
	b.print(line{Case: name, What: what, Note: "not run: " + why.Error()})
}

func (l *line) met(yes bool) { l.Met = &yes }

// print shows a line as soon as it is known.
func (b *bench) print(l line) {
	if b.quick {
		l.Met = nil
	}
	b.lines = append(b.lines, l)
	parts := []string{fmt.Sprintf("%-4s %-52s %s %s", l.Case, l.What, spread(l.Values), l.Unit)}
	if len(l.Base) > 0 {
		parts = append(parts, l.Baseline+" "+spread(l.Base), "ratio "+spread(l.Ratios))
	}
	if l.Goal != "" {
		parts = append(parts, "goal "+l.Goal)
	}
	if l.Met != nil {
		parts = append(parts, map[bool]string{true: "met", false: "NOT MET"}[*l.Met])
	}
	if l.Note != "" {
		parts = append(parts, l.Note)
	}
	fmt.Println(strings.Join(parts, " | "))
}

// spread shows the median and the extremes.
func spread(v []float64) string {
	if len(v) == 0 {
		return "-"
	}
	if len(v) == 1 {
		return number(v[0])
	}
	return fmt.Sprintf("%s (%s–%s)", number(median(v)), number(slices.Min(v)), number(slices.Max(v)))
}

// number shows three digits, or all before the point.
func number(f float64) string {
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	case f >= 0.1:
		return fmt.Sprintf("%.2f", f)
	}
	return fmt.Sprintf("%.4f", f)
}

// head says where the figures come from.
type head struct {
	Go    string
	OS    string
	CPUs  int
	Time  time.Time
	Quick bool
}

func thisHost() head {
	return head{runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, runtime.NumCPU(), time.Now().Truncate(time.Second), false}
}

func (b *bench) printHead() {
	h := thisHost()
	fmt.Printf("%s, %s, %d CPUs. Median (smallest–largest) of the rounds; µs are CPU time of the server per request.\n", h.Go, h.OS, h.CPUs)
	if b.quick {
		fmt.Println("Quick run: it shows that everything works; the figures mean nothing.")
	}
}

// finish writes the file of figures.
func (b *bench) finish() error {
	if b.json == "" {
		return nil
	}
	h := thisHost()
	h.Quick = b.quick
	text, err := json.MarshalIndent(struct {
		Host  head
		Lines []line
	}{h, b.lines}, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(b.json, append(text, '\n'), 0o644)
}
