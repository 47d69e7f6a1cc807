//go:build conformance

package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A fetched package lies in bin/conformance/FAMILY/SDK. What pins its versions
// lies in FAMILY/SDK here, in the file that the package client reads anyhow; a
// copy beside what was fetched tells whether that is still right.

// place is where the package of an SDK is kept; sources is where its program is.
func (w *workshop) place(sdk string) string { return filepath.Join(w.store, filepath.FromSlash(sdk)) }

func (w *workshop) sources(sdk string) string { return filepath.Join(w.here, filepath.FromSlash(sdk)) }

// ours is a fault of this repository, and no word about what a registry serves.
type ours struct{ error }

// once fetches what the pins name, unless it is there already.
func (w *workshop) once(sdk string, pins []string, fetch func(place string) error) error {
	place := w.place(sdk)
	var pinned bytes.Buffer
	for _, name := range pins {
		b, err := os.ReadFile(filepath.Join(w.sources(sdk), name))
		if err != nil {
			return ours{err}
		}
		pinned.Write(b)
	}
	stamp := filepath.Join(place, "pins")
	if b, err := os.ReadFile(stamp); err == nil && bytes.Equal(b, pinned.Bytes()) {
		return nil
	}
	if err := os.RemoveAll(place); err != nil {
		return err
	}
	if err := os.MkdirAll(place, 0o755); err != nil {
		return err
	}
	if err := fetch(place); err != nil {
		return err
	}
	return os.WriteFile(stamp, pinned.Bytes(), 0o644)
}

// maven fetches the jars of a pom.xml and compiles the program that is beside it.
func maven(sdk string) func(context.Context, *workshop) error {
	return func(ctx context.Context, w *workshop) error {
		if err := have("mvn", "java", "javac"); err != nil {
			return err
		}
		jars := filepath.Join(w.place(sdk), "jars")
		err := w.once(sdk, []string{"pom.xml"}, func(place string) error {
			return quietly(exec.CommandContext(ctx, "mvn", "-B", "-q", "-Dstyle.color=never", "-f", filepath.Join(w.sources(sdk), "pom.xml"),
				"-DoutputDirectory="+jars, "org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies"))
		})
		if err != nil {
			return err
		}
		sources, err := filepath.Glob(filepath.Join(w.sources(sdk), "*.java"))
		if err != nil {
			return ours{err}
		}
		args := []string{"-encoding", "UTF-8", "-nowarn", "-cp", filepath.Join(jars, "*"), "-d", filepath.Join(w.place(sdk), "classes")}
		args = append(args, filepath.Join(w.here, "java", "Steps.java"))
		if err := quietly(exec.CommandContext(ctx, "javac", append(args, sources...)...)); err != nil {
			return ours{err}
		}
		return nil
	}
}

// java runs the class Scenario that maven compiled.
func java(sdk string) func(context.Context, *workshop) *exec.Cmd {
	return func(ctx context.Context, w *workshop) *exec.Cmd {
		path := strings.Join([]string{
			filepath.Join(w.place(sdk), "classes"), filepath.Join(w.place(sdk), "jars", "*"),
		}, string(os.PathListSeparator))
		return exec.CommandContext(ctx, "java", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-cp", path, "Scenario")
	}
}

// pip fetches the packages of a requirements.txt.
func pip(sdk string) func(context.Context, *workshop) error {
	return func(ctx context.Context, w *workshop) error {
		if err := have("python3"); err != nil {
			return err
		}
		python := w.python()
		if _, err := os.Stat(python); err != nil {
			if err := quietly(exec.CommandContext(ctx, "python3", "-m", "venv", filepath.Dir(filepath.Dir(python)))); err != nil {
				return err
			}
		}
		return w.once(sdk, []string{"requirements.txt"}, func(place string) error {
			return quietly(exec.CommandContext(ctx, python, "-m", "pip", "install", "--quiet", "--no-input",
				"--no-compile", "--disable-pip-version-check", "--target", filepath.Join(place, "packages"),
				"-r", filepath.Join(w.sources(sdk), "requirements.txt")))
		})
	}
}

// python is the interpreter of all Python clients.
func (w *workshop) python() string { return filepath.Join(w.store, "python", "venv", "bin", "python") }

// python runs main.py of an SDK. Two of the SDKs call their package dingtalk:
// each has a directory of its own.
func python(sdk string) func(context.Context, *workshop) *exec.Cmd {
	return func(ctx context.Context, w *workshop) *exec.Cmd {
		path := strings.Join([]string{
			filepath.Join(w.here, "python"), filepath.Join(w.place(sdk), "packages"),
		}, string(os.PathListSeparator))
		cmd := exec.CommandContext(ctx, w.python(), filepath.Join(w.sources(sdk), "main.py"))
		cmd.Env = []string{"PYTHONPATH=" + path, "PYTHONIOENCODING=utf-8", "PYTHONDONTWRITEBYTECODE=1"}
		return cmd
	}
}

// npm fetches the packages of a package-lock.json. Nothing of them is run.
func npm(sdk string) func(context.Context, *workshop) error {
	return func(ctx context.Context, w *workshop) error {
		if err := have("node", "npm"); err != nil {
			return err
		}
		return w.once(sdk, []string{"package.json", "package-lock.json"}, func(place string) error {
			for _, name := range []string{"package.json", "package-lock.json"} {
				b, err := os.ReadFile(filepath.Join(w.sources(sdk), name))
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(place, name), b, 0o644); err != nil {
					return err
				}
			}
			cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
			cmd.Dir = place
			return quietly(cmd)
		})
	}
}

// node runs main.js of an SDK.
func node(sdk string) func(context.Context, *workshop) *exec.Cmd {
	return func(ctx context.Context, w *workshop) *exec.Cmd {
		path := strings.Join([]string{
			filepath.Join(w.place(sdk), "node_modules"), filepath.Join(w.here, "node"),
		}, string(os.PathListSeparator))
		cmd := exec.CommandContext(ctx, "node", filepath.Join(w.sources(sdk), "main.js"))
		cmd.Env = []string{"NODE_PATH=" + path}
		return cmd
	}
}

// served asks the Go module proxy for a module, to say why it does not run.
func served(module string) func(context.Context, *workshop) error {
	return func(ctx context.Context, w *workshop) error {
		cmd := exec.CommandContext(ctx, "go", "list", "-m", module)
		cmd.Dir = w.store
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("the module proxy: %s", strings.TrimPrefix(strings.TrimSpace(lastLines(string(out), 1)), "server response: "))
		}
		return nil
	}
}

// listed asks npm for a package, to say why it does not run.
func listed(name string) func(context.Context, *workshop) error {
	return func(ctx context.Context, _ *workshop) error {
		if err := have("npm"); err != nil {
			return err
		}
		return quietly(exec.CommandContext(ctx, "npm", "view", name, "version"))
	}
}

// tools is the fetch of a client that is a program of the machine.
func tools(programs ...string) func(context.Context, *workshop) error {
	return func(context.Context, *workshop) error { return have(programs...) }
}

// quietly runs a command; when it fails, the error is the longest line of those
// that it said about errors.
func quietly(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	said := ""
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if worth := strings.Contains(strings.ToLower(line), "error"); worth && len(line) > len(said) || said == "" {
			said = line
		}
	}
	if said == "" {
		return fmt.Errorf("%s: %w", cmd, err)
	}
	return errors.New(cut(said, 300))
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}
