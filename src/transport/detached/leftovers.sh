# Prints each operation that has a record, and its verdict.
for dir in "$root"/*; do
    [ -d "$dir" ] || continue
    judge "$dir"
    [ -e "$dir/claim" ] || verdict=unstarted
    echo "${dir##*/} $verdict"
done
