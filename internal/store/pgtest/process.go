package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// startChild starts a process that gets a signal when its parent ends. To the kernel
// the parent is a thread: one that does nothing else lives until the process has
// ended, when exited is closed.
func startChild(cmd *exec.Cmd) (exited chan struct{}, err error) {
	started, exited := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
		}
		close(exited)
	}()
	return exited, <-started
}

// send sends a signal to a process, which may have ended.
func send(pid int, signal syscall.Signal) error {
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// children returns the processes that a process has started.
func children(pid int) (pids []int, err error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		child, _ := strconv.Atoi(filepath.Base(dir))
		if _, parent, ok := status(child); ok && parent == pid {
			pids = append(pids, child)
		}
	}
	return pids, err
}

// status returns the state of a process and who started it; not ok is one that
// there is not.
func status(pid int) (state byte, parent int, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, false
	}
	// The name may hold blanks and brackets.
	f := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(f) < 2 {
		return 0, 0, false
	}
	parent, err = strconv.Atoi(string(f[1]))
	return f[0][0], parent, err == nil
}

// gone waits until processes have ended, whoever has to take note of it.
func gone(pids []int) error {
	give := time.Now().Add(patience)
	for _, pid := range pids {
		for {
			if state, _, ok := status(pid); !ok || state == 'Z' || state == 'X' {
				break
			}
			if time.Now().After(give) {
				return fmt.Errorf("process %d of the server does not end", pid)
			}
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}
