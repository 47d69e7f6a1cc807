//go:build !linux

package main

import (
	"errors"
	"time"
)

func load([]string) error { return errors.New("the load generator needs Linux") }

func ownCPU() time.Duration { return 0 }
