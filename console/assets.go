package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/rightful-go/rightful/internal/accept"
)

// dist is what `make console` makes of console/app. With "all:" it has names that begin with "_" as well: Vite chooses
// the names.
//
//go:embed all:dist
var dist embed.FS

// distAssets are read once, however often a host mounts the console.
var distAssets = sync.OnceValue(func() map[string]*asset { return loadAssets(dist) })

const indexName = "index.html"

// contentTypes are the types of the files that there are; those of the operating system may differ.
var contentTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
}

// asset is a file, as it is and compressed.
type asset struct {
	name        string
	contentType string
	tag         string
	text        []byte
	gzipped     []byte
	forGood     bool // its name changes with its content
}

// loadAssets reads all files but the page, which depends on the request.
func loadAssets(files fs.FS) map[string]*asset {
	assets := map[string]*asset{}
	err := fs.WalkDir(files, "dist", func(file string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(file, "dist/")
		if err != nil || entry.IsDir() || name == indexName {
			return err
		}
		text, err := fs.ReadFile(files, file)
		if err != nil {
			return err
		}
		assets[name] = newAsset(name, text)
		return nil
	})
	if err != nil { // the files are part of the program
		panic(err)
	}
	return assets
}

func newAsset(name string, text []byte) *asset {
	kind := contentTypes[path.Ext(name)]
	if kind == "" {
		kind = mime.TypeByExtension(path.Ext(name))
	}
	return &asset{
		name: name, contentType: kind, text: text, gzipped: compress(text), tag: tagOf(text),
		forGood: strings.HasPrefix(name, "assets/"),
	}
}

func tagOf(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

func compress(text []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil { // the level is valid
		panic(err)
	}
	_, _ = w.Write(text) // neither fails on a buffer
	_ = w.Close()
	return b.Bytes()
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	if a.forGood {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		w.Header().Set("Cache-Control", "no-cache")
	}
	a.write(w, r)
}

// write answers a request, compressed if it accepts that, and with 304 if it has the file already.
func (a *asset) write(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	header.Add("Vary", "Accept-Encoding")
	text, tag := a.text, `"`+a.tag+`"`
	if accept.Gzip(r.Header.Values("Accept-Encoding")) {
		text, tag = a.gzipped, `"`+a.tag+`-gzip"`
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", tag)
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(text))
}
