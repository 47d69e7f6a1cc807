package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// tick is the unit of CPU time in /proc; it is the same on every Linux that Go
// runs on.
const tick = 10 * time.Millisecond

// cpuOf returns the user and system time of a process.
func cpuOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	f, err := statFields(stat)
	if err != nil {
		return 0, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	return time.Duration(f[statUser]+f[statSystem]) * tick, nil
}

// Numbers in /proc/PID/stat behind the state, which comes behind the name.
const (
	statParent         = 0
	statUser           = 10
	statSystem         = 11
	statChildrenUser   = 12 // of children that ended and were waited for
	statChildrenSystem = 13
)

func statFields(stat []byte) (f [statChildrenSystem + 1]int64, err error) {
	// The name may hold blanks and brackets.
	text := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(text) < len(f)+1 {
		return f, errors.New("it is short")
	}
	for i := range f {
		if f[i], err = strconv.ParseInt(string(text[i+1]), 10, 64); err != nil {
			return f, err
		}
	}
	return f, nil
}

// cpuOfAll returns the user and system time of a process and its children, those
// that have ended too.
func cpuOfAll(pid int) (time.Duration, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	var ticks int64
	for _, path := range paths {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		f, err := statFields(stat)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		switch {
		case path == fmt.Sprintf("/proc/%d/stat", pid):
			ticks += f[statUser] + f[statSystem] + f[statChildrenUser] + f[statChildrenSystem]
		case f[statParent] == int64(pid):
			ticks += f[statUser] + f[statSystem]
		}
	}
	return time.Duration(ticks) * tick, nil
}

// memoryOf returns the resident bytes of a process, now and at most.
func memoryOf(pid int) (now, peak int64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range bytes.Lines(status) {
		f := bytes.Fields(line)
		if len(f) < 2 {
			continue
		}
		kb, _ := strconv.ParseInt(string(f[1]), 10, 64)
		switch string(f[0]) {
		case "VmRSS:":
			now = kb << 10
		case "VmHWM:":
			peak = kb << 10
		}
	}
	if now == 0 {
		return 0, 0, fmt.Errorf("/proc/%d/status has no VmRSS", pid)
	}
	return now, peak, nil
}
