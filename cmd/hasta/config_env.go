package main

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// setting is one key of the configuration: where it stands in the file, what
// it is called in the environment, and its value.
type setting struct {
	Key   string // company.name
	Env   string // HASTA_COMPANY_NAME
	About string
	Value reflect.Value
}

// settings lists every key of the configuration in the order of the file.
func settings(cfg *config) []setting {
	var out []setting
	var walk func(v reflect.Value, path []string)
	walk = func(v reflect.Value, path []string) {
		for i := range v.NumField() {
			name := v.Type().Field(i).Tag.Get("yaml")
			if name == "-" {
				continue
			}
			key := append(path[:len(path):len(path)], name)
			if v.Field(i).Kind() == reflect.Struct {
				walk(v.Field(i), key)
				continue
			}
			out = append(out, setting{
				strings.Join(key, "."), "HASTA_" + strings.ToUpper(strings.Join(key, "_")), v.Type().Field(i).Tag.Get("about"), v.Field(i),
			})
		}
	}
	walk(reflect.ValueOf(cfg).Elem(), nil)
	return out
}

// fromEnvironment lets the environment win over the file.
func fromEnvironment(cfg *config, lookup func(string) (string, bool)) error {
	for _, s := range settings(cfg) {
		text, ok := lookup(s.Env)
		if !ok {
			continue
		}
		if err := s.set(text); err != nil {
			return fmt.Errorf("%s: %w", s.Env, err)
		}
	}
	return nil
}

func (s setting) set(text string) error {
	switch p := s.Value.Addr().Interface().(type) {
	case *string:
		*p = text
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		*p = n
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a time such as 30s", text)
		}
		*p = d
	case *[]string:
		*p = nil
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				*p = append(*p, part)
			}
		}
	default:
		return fmt.Errorf("cannot be set from the environment")
	}
	return nil
}
