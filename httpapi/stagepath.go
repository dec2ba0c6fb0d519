package httpapi

import (
	"strings"

	"wharf"
)

// stagePrefix is where the files of the stages are: the stage's name follows,
// then '/' and the file's.
const stagePrefix = "/v1/stage/"

// stagePath cuts the path of a request into stage and what follows it.
func stagePath(x *exchange) (wharf.StageName, string, error) {
	name, path, ok := strings.Cut(strings.TrimPrefix(x.r.URL.Path, stagePrefix), "/")
	x.stage = name
	if name == "" {
		return "", "", wharf.Errorf(wharf.CodeNotFound, "there is nothing at %s; the files of a stage are listed at %s<stage>/", shorten(x.r.URL.Path, shownText), stagePrefix)
	}
	if !ok {
		return "", "", wharf.Errorf(wharf.CodeNotFound, "there is nothing at %s; the files of a stage are listed at %s%s/", shorten(x.r.URL.Path, shownText), stagePrefix, shorten(name, shownText))
	}
	stage, err := wharf.ParseStageName(name)
	return stage, path, err
}

// stageFile returns the one file that the path of a request names.
func stageFile(x *exchange) (wharf.Location, error) {
	stage, path, err := stagePath(x)
	if err != nil {
		return wharf.Location{}, err
	}
	_, err = wharf.ParseKey(path)
	return wharf.Location{Stage: stage, Path: path}, err
}
