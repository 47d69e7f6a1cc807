package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"rollcall"
)

// child is a part of this program in a process of its own. It is told with JSON
// on its standard input and answers with JSON on its standard output; it ends
// when its input does.
type child struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *json.Decoder
}

func start(name string, args ...string) (*child, error) { return startUnder(nil, name, args...) }

// startUnder starts a part with another program that runs it.
func startUnder(under []string, name string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	words := append(slices.Clone(under), append([]string{self, name}, args...)...)
	c := &child{name: name, cmd: exec.Command(words[0], words[1:]...)}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = json.NewDecoder(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// tell sends a value.
func (c *child) tell(v any) error { return json.NewEncoder(c.in).Encode(v) }

// hear waits for a value.
func (c *child) hear(v any) error {
	if err := c.out.Decode(v); err != nil {
		return fmt.Errorf("the process %s has not answered: %w", c.name, err)
	}
	return nil
}

// stop ends the process and waits for it.
func (c *child) stop() error {
	return errors.Join(c.in.Close(), c.cmd.Wait())
}

// ask runs a part that gives one answer.
func ask(v any, name string, args ...string) error {
	c, err := start(name, args...)
	if err != nil {
		return err
	}
	err = c.hear(v)
	if e := c.stop(); e != nil {
		return fmt.Errorf("the process %s: %w", name, e)
	}
	return err
}

// answer is what a part says.
func answer(v any) error { return json.NewEncoder(os.Stdout).Encode(v) }

// untilInputEnds waits until the parent wants no more.
func untilInputEnds() { _, _ = io.Copy(io.Discard, os.Stdin) }

// closing is for defer: it ends something and keeps the error.
func closing(err *error, end func() error) { *err = errors.Join(*err, end()) }

// server is a process that serves.
type server struct {
	*child
	ready
}

// ready is what a server says when it can answer.
type ready struct {
	Addr   string
	Token  string // of an app that may call everything
	People int
	Big    int // people that a list of the big department shows
	Depts  []rollcall.DeptID
}

// startReal serves the organization in a directory.
func (b *bench) startReal(dir string) (*server, error) {
	args := []string{"-data", dir}
	if b.profile != "" {
		b.profiles++
		args = append(args, "-cpuprofile", filepath.Join(b.profile, "serve-"+filepath.Base(dir)+"-"+strconv.Itoa(b.profiles)+".prof"))
	}
	return b.startServer("serve", args...)
}

// startBare serves one reply.
func (b *bench) startBare(reply []byte) (*server, error) {
	f, err := os.CreateTemp(b.temp, "reply-")
	if err != nil {
		return nil, err
	}
	_, err = f.Write(reply)
	if e := f.Close(); err != nil || e != nil {
		return nil, fmt.Errorf("writing the reply of the baseline: %w %w", err, e)
	}
	args := []string{"-reply", f.Name()}
	if b.profile != "" {
		b.profiles++
		args = append(args, "-cpuprofile", filepath.Join(b.profile, "bare-"+strconv.Itoa(len(reply))+"-"+strconv.Itoa(b.profiles)+".prof"))
	}
	return b.startServer("bare", args...)
}

func (b *bench) startServer(name string, args ...string) (*server, error) {
	return b.startServerUnder(nil, name, args...)
}

func (b *bench) startServerUnder(under []string, name string, args ...string) (*server, error) {
	c, err := startUnder(under, name, args...)
	if err != nil {
		return nil, err
	}
	s := &server{child: c}
	if err := c.hear(&s.ready); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return s, nil
}
