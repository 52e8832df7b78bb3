package api

import (
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	uploadGrace = 10 * time.Second
	uploadRate  = 64 << 10 // bytes a second
)

// upload reads the body of an import, which occupies a place that others wait for: after a grace, it must arrive at a
// least rate. A host with a ReadTimeout has its own rule.
type upload struct {
	body     io.Reader
	setLimit func(time.Time) error // to the time of a read
	begin    time.Time
	received int64
}

func newUpload(body io.Reader, c *gin.Context) *upload {
	u := &upload{body: body, begin: time.Now(), setLimit: func(time.Time) error { return nil }}
	if s, ok := c.Request.Context().Value(http.ServerContextKey).(*http.Server); !ok || s.ReadTimeout <= 0 {
		u.setLimit = http.NewResponseController(c.Writer).SetReadDeadline
	}
	return u
}

func (u *upload) Read(p []byte) (int, error) {
	// A server that has no deadlines returns an error; what it does about slow clients is up to it.
	_ = u.setLimit(u.begin.Add(uploadGrace + time.Duration(u.received)*time.Second/uploadRate))
	n, err := u.body.Read(p)
	u.received += int64(n)
	return n, err
}

// end lifts the limit, which would otherwise end the connection while the import is carried out.
func (u *upload) end() { _ = u.setLimit(time.Time{}) }
