package api

import "github.com/go-json-experiment/json"

// maxPageSize is the size in bytes before which an answer ends, with a little room for what surrounds the items
// of a list: 8 MiB.
const maxPageSize = 8<<20 - 4<<10

// fitting shows the items of a list, as many as fit into so many bytes, but at least the first.
func fitting[T, U any](list []T, room int, show func(T) U) []U {
	shown := make([]U, 0, len(list))
	for _, item := range list {
		one := show(item)
		room -= sizeOf(one)
		if room < 0 && len(shown) > 0 {
			break
		}
		shown = append(shown, one)
	}
	return shown
}

// sizeOf returns how many bytes a value takes in a list.
func sizeOf(value any) int {
	var size counter
	if err := json.MarshalWrite(&size, value); err != nil { // see encoded
		panic(err)
	}
	return int(size) + 1
}

// counter counts the bytes that are written to it.
type counter int

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
