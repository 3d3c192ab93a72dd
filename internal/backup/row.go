package backup

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A row is a line: a JSON array with null, numbers, texts, and bytes as
// {"b":"base64"}.

func appendRow(to []byte, values []any) ([]byte, error) {
	to = append(to, '[')
	for i, v := range values {
		if i > 0 {
			to = append(to, ',')
		}
		switch v := v.(type) {
		case nil:
			to = append(to, "null"...)
		case int64:
			to = strconv.AppendInt(to, v, 10)
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return to, fmt.Errorf("column %d holds %v", i+1, v)
			}
			text := strconv.FormatFloat(v, 'g', -1, 64)
			if !strings.ContainsAny(text, ".e") {
				text += ".0" // a number with a point comes back as what it was
			}
			to = append(to, text...)
		case []byte:
			to = append(to, `{"b":"`...)
			to = base64.StdEncoding.AppendEncode(to, v)
			to = append(to, `"}`...)
		case string:
			if !utf8.ValidString(v) {
				return to, fmt.Errorf("column %d holds what is no text", i+1)
			}
			text, err := json.Marshal(v)
			if err != nil {
				return to, err
			}
			to = append(to, text...)
		default:
			return to, fmt.Errorf("column %d holds a %T", i+1, v)
		}
	}
	return append(to, ']', '\n'), nil
}

func parseRow(line []byte) ([]any, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var raw []any
	if err := d.Decode(&raw); err != nil {
		return nil, err
	}
	for i, v := range raw {
		switch v := v.(type) {
		case nil, string:
		case json.Number:
			if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
				raw[i] = n
				continue
			}
			f, err := v.Float64()
			if err != nil {
				return nil, err
			}
			raw[i] = f
		case map[string]any:
			text, ok := v["b"].(string)
			if !ok || len(v) != 1 {
				return nil, fmt.Errorf("column %d is no bytes", i+1)
			}
			b, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, err
			}
			raw[i] = b
		default:
			return nil, fmt.Errorf("column %d is a %T", i+1, v)
		}
	}
	return raw, nil
}
