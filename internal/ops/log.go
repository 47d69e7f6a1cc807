// Package ops is what an operator sees of the server: logs, metrics, health,
// listeners and signals.
package ops

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// NewLogger makes the program's logger. level is debug, info, warn or error;
// format is text or json.
func NewLogger(w io.Writer, level, format string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(strings.ToUpper(level))); err != nil {
		return nil, fmt.Errorf("%q is not a log level: use debug, info, warn or error", level)
	}
	opt := &slog.HandlerOptions{Level: l}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, opt)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, opt)), nil
	}
	return nil, fmt.Errorf("%q is not a log format: use text or json", format)
}
