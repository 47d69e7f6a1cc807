package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// output writes several files of a directory, which take their names together
// once all of them are durable.
type output struct {
	dir   string
	files []outputFile
}

type outputFile struct{ temporary, name string }

func newOutput(dir string) (*output, error) {
	// The files hold people's values: nobody else is to read them.
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("exporting: %w", err)
	}
	return &output{dir: dir}, nil
}

// has reports whether a file of the name is there from before.
func (o *output) has(name string) bool {
	_, err := os.Lstat(filepath.Join(o.dir, name))
	return err == nil
}

// write writes one CSV file under a name of its own.
func (o *output) write(name string, rows func(rowFunc) error) error {
	return o.create(name, func(out io.Writer) error {
		w := csv.NewWriter(out)
		err := rows(w.Write)
		w.Flush()
		return errors.Join(err, w.Error())
	})
}

// create writes one file under a name of its own.
func (o *output) create(name string, fill func(io.Writer) error) error {
	f, err := os.CreateTemp(o.dir, "."+name+".*")
	if err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	o.files = append(o.files, outputFile{f.Name(), filepath.Join(o.dir, name)})
	buffer := bufio.NewWriterSize(f, 1<<16)
	err = errors.Join(fill(buffer), buffer.Flush())
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("exporting %s: %w", name, err)
	}
	return nil
}

// commit gives the files their names.
func (o *output) commit() error {
	for len(o.files) > 0 {
		if err := os.Rename(o.files[0].temporary, o.files[0].name); err != nil {
			return fmt.Errorf("exporting: %w", err)
		}
		o.files = o.files[1:]
	}
	dir, err := os.Open(o.dir)
	if err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	return nil
}

// discard removes what did not get its name.
func (o *output) discard() {
	for _, f := range o.files {
		_ = os.Remove(f.temporary)
	}
}

// oneLine returns JSON text without line breaks where it has carriage returns,
// which CSV does not keep.
func oneLine(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		return text
	}
	return b.String()
}
