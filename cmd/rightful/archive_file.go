package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// archiveFile is a new file for archived records, compressed if its name ends with ".gz".
type archiveFile struct {
	io.Writer
	file *os.File
	zip  *gzip.Writer // nil if it isn't compressed
}

func createArchive(name string) (*archiveFile, error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create the archive: %w", err)
	}
	a := &archiveFile{Writer: file, file: file}
	if strings.HasSuffix(name, ".gz") {
		a.zip = gzip.NewWriter(file)
		a.Writer = a.zip
	}
	return a, nil
}

// Sync ends the text and makes the file durable, its name included.
func (a *archiveFile) Sync() error {
	if a.zip != nil {
		if err := a.zip.Close(); err != nil {
			return err
		}
	}
	if err := a.file.Sync(); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(a.file.Name()))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// remove deletes a file that no record names.
func (a *archiveFile) remove() error { return os.Remove(a.file.Name()) }

// openArchives opens the texts of archives, compressed or not.
func openArchives(names []string) (texts []io.Reader, closeAll func(), err error) {
	var files []*os.File
	closeAll = func() {
		for _, file := range files {
			_ = file.Close()
		}
	}
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("open the archive: %w", err)
		}
		files = append(files, file)
		text, err := uncompressed(file)
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("open the archive %s: %w", name, err)
		}
		texts = append(texts, text)
	}
	return texts, closeAll, nil
}

// uncompressed returns the text of a file that may be compressed with gzip (RFC 1952).
func uncompressed(file io.Reader) (io.Reader, error) {
	in := bufio.NewReader(file)
	magic, err := in.Peek(2)
	if err != nil || !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return in, nil //nolint:nilerr // a shorter file has another fault
	}
	return gzip.NewReader(in)
}
